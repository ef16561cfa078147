"""Years of deadlines in minutes, with schedulers that die and clocks that jump.

`python -m tests.simulation` (`make simulate`) plays it at full size; the tests play a small one.
"""
