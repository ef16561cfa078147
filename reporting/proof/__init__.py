"""What others need to check our proofs without us: one file, which imports nothing of ours."""
