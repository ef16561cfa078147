"""Tests of what others check our proofs with."""
