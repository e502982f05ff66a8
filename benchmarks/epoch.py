"""Compare an epoch of training with one of other loops: plain torch, PyTorch Lightning and skorch."""

import statistics
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from benchmarks.measured import Goal, Measured, ratios
from benchmarks.stepping import read_or_prepare
from benchmarks.turns import Loop, Run, processor_seconds, take_turns
from pipeline.data.prepared import Prepared
from pipeline.params import find_block, load_params
from pipeline.params.models import ModelParams

TITLE = "An epoch against other loops"
ABOUT = """\
An epoch of our loop and of others over the same model, batches and data, without a validation pass: a plain torch loop
(torch's layers, the fused class of the optimiser, `clip_grad_norm_`), PyTorch Lightning and skorch with the same
network and optimiser. All take turns, each in a process of its own on one thread; ours with portable kernels, the
others with torch's own choice and with batches that are made beforehand. Processor milliseconds of an epoch, and the
medians of the ratios of pairs, ours to another. A column of Lightning or skorch is left out where it is not installed
(`requirements-bench.lock`). `linear` has no layer in torch, and its plain loop steps through time in Python.
"""
NOTES = """\
LSTMs run in oneDNN's kernel in all of these loops. Where ours takes longer, part of that is what bytes that are the
same on every processor cost: the others use AVX-512 where there is any, ours AVX2. What is left where kernels are the
same is in [An epoch with the same kernels](#an-epoch-with-the-same-kernels). On the processor of this table RNN, GRU
and `scratch` gain more by kernels of their own (`pipeline/models/recurrence.py`) than that costs.
"""

ROUNDS = 7
PLAIN = "plain"
OTHERS = {"lightning": "pytorch_lightning", "skorch": "skorch"}  # loops, and what they import
EVERY_CELL, MEAN = 1.0, 0.8  # goals

# Rows as models of params.yaml and what is changed there.
MODELS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "text-lstm, 64 units": ("text-lstm", {"hidden_size": 64}),
    "text-lstm": ("text-lstm", {}),
    "text-gru": ("text-gru", {}),
    "text-rnn": ("text-rnn", {}),
    "lyrics-scratch": ("lyrics-scratch", {}),
    "names-linear": ("names-linear", {}),
    "names-lstm": ("names-lstm", {}),
    "vowels-lstm": ("vowels-lstm", {}),
    "sales-lstm": ("sales-lstm", {}),
    "words-lstm": ("words-lstm", {}),
    "binary-rnn": ("binary-rnn", {}),
}
QUICK = "binary-rnn"
SHORTEST = 0.3  # seconds of a round; short epochs are repeated


def measure(quick: bool = False) -> Measured:
    """Compare an epoch of each model."""
    installed = [name for name, module in OTHERS.items() if find_spec(module)]
    others = [PLAIN, *installed]
    rows = [_measure_model(name, others, 1 if quick else ROUNDS) for name in ([QUICK] if quick else MODELS)]
    columns = ("model", "cell", "ours, ms", *(f"{other}, ms" for other in others), *(f"ours / {o}" for o in others))
    place = 3 + len(others)
    return Measured(columns, tuple(rows), _goals([float(row[place]) for row in rows]))


def _measure_model(name: str, others: list[str], rounds: int) -> tuple[str | float, ...]:
    times = take_turns(
        {"ours": Loop("epoch", "our_epoch", (name,))}
        | {other: Loop(f"{other}_loop", f"{other}_epoch", (name,), "native") for other in others},
        rounds,
    )
    params, _ = read_model(name)
    cell = f"{params.cell} {params.hidden_sizes[0]}"
    milliseconds = (1000 * statistics.median(taken) for taken in times.values())
    return (name, cell, *milliseconds, *(statistics.median(ratios(times["ours"], times[other])) for other in others))


def _goals(found: list[float]) -> tuple[Goal, ...]:
    """Return the goals for the ratios of ours to plain."""
    worst, mean = max(found), statistics.geometric_mean(found)
    return (
        Goal(f"ours over plain at most {EVERY_CELL} for each model", worst, worst <= EVERY_CELL),
        Goal(f"ours over plain at most {MEAN} in the geometric mean", mean, mean <= MEAN),
    )


def our_epoch(name: str) -> Run:
    """Return what runs our loop as `stages.train` does."""
    from benchmarks.loops import our_loop, our_trainer

    return repeat(our_loop(our_trainer(*read_model(name), name)))


def repeat(run: Run) -> Run:
    """Return what runs an epoch as often as makes a round long enough, and returns the processor seconds of one."""
    run()
    times = max(1, round(SHORTEST / max(processor_seconds(run), 1e-4)))
    return lambda: processor_seconds(lambda: [run() for _ in range(times)]) / times


def read_model(name: str, models: Mapping[str, tuple[str, dict[str, Any]]] = MODELS) -> tuple[ModelParams, Prepared]:
    """Return the params of one of the rows `models`, and its data set."""
    block, changes = models[name]
    known = load_params()
    base = find_block(known.models, block, "models").model_dump()
    params = ModelParams.model_validate(base | changes)
    return params, read_or_prepare(params.dataset, known.datasets[params.dataset])
