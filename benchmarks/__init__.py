"""Benchmarks: what is measured, against what, on which machine. Never part of the tests."""
