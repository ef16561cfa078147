"""The scheduled jobs: what the clock rings for, and the one process in which it rings."""
