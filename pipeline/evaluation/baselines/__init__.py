"""Baselines: methods without a network, the least that a model has to beat.

The modules contain the functions that fit them, by task; `base` says what these take and return. Which baselines a data
format has is in `evaluation/tasks`.
"""
