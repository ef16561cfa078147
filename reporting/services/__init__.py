"""The business acts: session first, plain values after, no commit inside."""
