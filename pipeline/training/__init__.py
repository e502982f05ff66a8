"""Train networks: the loop and its optimisers, checkpoints, and one job for each seed, run side by side.

This file imports nothing: `run`, `checkpoint` and `timings` do without torch, which only the workers import.
"""
