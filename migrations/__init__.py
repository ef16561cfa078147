"""The history of the store: one numbered revision after another, shipped with the program."""
