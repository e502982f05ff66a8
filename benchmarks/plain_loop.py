"""A plain torch loop over the batches of a model, for `benchmarks.epoch`."""

from benchmarks.epoch import read_model, repeat
from benchmarks.loops import our_trainer, plain_loop
from benchmarks.turns import Run


def plain_epoch(name: str) -> Run:
    """Return what takes an epoch of the plain loop, in processor seconds."""
    return repeat(plain_loop(our_trainer(*read_model(name), name)))
