"""The demonstration: a whole reporting period on real forms, with made-up figures.

Read `story` first: it is the run, from top to bottom. Every other file is one thing it needs.
"""
