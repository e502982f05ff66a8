"""Baselines: methods without a network, the least that a model has to beat.

`descriptions` names the baselines of each data format, `registry` the function that fits each. The other modules
contain these functions, by task; `base` says what they take and return.
"""
