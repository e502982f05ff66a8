"""Compare an epoch of training with one of plain torch, with our kernels and with those of plain torch."""

import statistics

from benchmarks.epoch import MODELS, PLAIN, QUICK, ROUNDS, read_model
from benchmarks.measured import Measured, ratios
from benchmarks.turns import Loop, take_turns

TITLE = "An epoch with the same kernels"
ABOUT = """\
What portable kernels cost, and what the loop does: an epoch of ours with portable kernels, and with torch's own choice
of kernels as the plain loop has it, each over an epoch of the plain loop. All three take turns, each in a process of
its own on one thread; processor milliseconds of an epoch, and the medians of the ratios of pairs.
"""
NOTES = """\
The first ratio depends on the processor: the more that AVX-512 gains over AVX2, the larger it is. With native kernels
RNN and GRU are torch's layers, as in the plain loop.
"""
NATIVE = "native"
COLUMNS = ("model", "cell", "ours, ms", "plain, ms", "ours / plain", "ours with native kernels / plain")


def measure(quick: bool = False) -> Measured:
    """Compare an epoch of each model."""
    rows = [_measure_model(name, 1 if quick else ROUNDS) for name in ([QUICK] if quick else MODELS)]
    means = (statistics.geometric_mean([float(row[place]) for row in rows]) for place in (4, 5))
    return Measured(COLUMNS, (*rows, ("geometric mean", "", "", "", *means)))


def _measure_model(name: str, rounds: int) -> tuple[str | float, ...]:
    loops = {
        "ours": Loop("epoch", "our_epoch", (name,)),
        NATIVE: Loop("epoch", "our_epoch", (name,), "native"),
        PLAIN: Loop(f"{PLAIN}_loop", f"{PLAIN}_epoch", (name,), "native"),
    }
    times = take_turns(loops, rounds)
    params, _ = read_model(name)
    cell = f"{params.cell} {params.hidden_sizes[0]}"
    milliseconds = (1000 * statistics.median(times[key]) for key in ("ours", PLAIN))
    to_plain = (statistics.median(ratios(times[key], times[PLAIN])) for key in ("ours", NATIVE))
    return (name, cell, *milliseconds, *to_plain)
