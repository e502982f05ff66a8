"""Compare a training step at batch size 1 with one of a plain torch loop, on the networks of published recipes."""

import statistics
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from benchmarks.measured import Goal, Measured, ratios
from benchmarks.stepping import read_or_prepare
from benchmarks.turns import Loop, Run, processor_seconds, take_turns
from pipeline.data.prepared import ALL_ROWS, Prepared
from pipeline.params import find_block, load_params
from pipeline.params.models import ModelParams

TITLE = "Batch size 1"
ABOUT = """\
A training step at batch size 1 on the networks of published recipes for `words` and `names`, against that of a plain
torch loop (`nn.RNN`, `nn.LSTM`, `nn.Linear` and torch's optimisers, with torch's own kernels): processor milliseconds,
and the ratio of ours to plain. The last column is that of ours with torch's own choice of kernels, as the plain loop
has it: what is left where kernels are the same. `names-linear` has no layer in torch; the plain loop steps through time
in Python.
"""
ROWS = 100  # of a data set that are read: an epoch; more would only take longer
STEPS = 500  # of a run, about
PAIRS = 5
QUICK = "words-lstm"

COMMON = {"batch_size": 1, "weight_decay": 0.0, "output_dropout": 0.0, "beta2": 0.999, "schedule": {"kind": "constant"}}
WORDS = {"input": "one-hot", "optimiser": "adam", "learning_rate": 0.001}
NAMES = {"input": "one-hot", "hidden_size": 256, "optimiser": "sgd", "learning_rate": 0.005, "gradient_clip": 0.0}

# Each recipe as a block of params.yaml and what it changes there, besides COMMON.
RECIPES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "words-rnn": ("words-rnn", {**WORDS, "hidden_size": 26, "head": "none", "gradient_clip": 0.0}),
    "words-lstm": ("words-lstm", {**WORDS, "layers": 3, "dropout": 0.2, "weight_decay": 0.00001}),
    "names-rnn": ("names-rnn", NAMES),
    "names-lstm": ("names-lstm", NAMES),
    "names-linear": ("names-linear", NAMES),
}


def measure(quick: bool = False) -> Measured:
    """Compare a step of each recipe."""
    rows = [measure_recipe(name, PAIRS, STEPS) for name in RECIPES] if not quick else [measure_recipe(QUICK, 1, 1)]
    worst = max(float(row[3]) for row in rows)
    slower = [f"{row[0]} ({row[4]:.2f})" for row in rows if float(row[3]) > 1]
    reason = f"With the kernels of the plain loop they take, of its time: {', '.join(slower)}." if slower else ""
    goal = Goal("ours over plain at most 1.0 for each recipe", worst, worst <= 1, reason=reason)
    columns = ("recipe", "ours, ms", "plain, ms", "ours / plain", "ours with native kernels / plain")
    return Measured(columns, tuple(rows), (goal,))


def measure_recipe(name: str, pairs: int, steps: int) -> tuple[str | float, ...]:
    """Return a recipe's name, the milliseconds of a step of ours and of the plain loop, and both ratios of ours."""
    arguments = (name, str(steps))
    loops = {
        "ours": Loop("batch_one", "our_loop", arguments),
        "plain": Loop("batch_one", "plain_loop", arguments, "native"),
        "native": Loop("batch_one", "our_loop", arguments, "native"),
    }
    times = take_turns(loops, pairs)
    milliseconds = [1000 * statistics.median(times[key]) for key in ("ours", "plain")]
    to_plain = [statistics.median(ratios(times[key], times["plain"])) for key in ("ours", "native")]
    return (name, *milliseconds, *to_plain)


def our_loop(name: str, steps: str) -> Run:
    """Return what takes about so many steps of our loop, in whole epochs, and returns the seconds of one."""
    from pipeline.training.loop import Trainer

    trainer = Trainer(*read_recipe(name), 1, ALL_ROWS, name)
    epochs = max(round(int(steps) / len(trainer.train)), 1)
    done = epochs * len(trainer.train)
    return lambda: processor_seconds(lambda: [trainer.run_epoch(1) for _ in range(epochs)]) / done


def plain_loop(name: str, steps: str) -> Run:
    """Return the same of a plain torch loop."""
    from benchmarks import plain_torch

    params, prepared = read_recipe(name)
    examples = plain_torch.read_examples(prepared.splits["train"])
    model = plain_torch.Network(params, prepared.card)
    optimiser = plain_torch.build_optimiser(params, model)
    epochs = max(round(int(steps) / len(examples)), 1)

    def run() -> None:
        for _ in range(epochs):
            plain_torch.train_epoch(model, optimiser, params.gradient_clip, examples)

    return lambda: processor_seconds(run) / (epochs * len(examples))


def read_recipe(name: str) -> tuple[ModelParams, Prepared]:
    """Return a recipe and some rows of its data set, which is trained on whole, without a validation pass."""
    block, changes = RECIPES[name]
    params = load_params()
    base = find_block(params.models, block, "models").model_dump(exclude={"embedding_size"})
    model = ModelParams.model_validate(base | COMMON | changes)
    prepared = read_or_prepare(model.dataset, params.datasets[model.dataset])
    rows = prepared.splits["train"]
    every = max(len(rows["lengths"]) // ROWS, 1)
    return model, replace(prepared, splits={"train": {key: array[::every] for key, array in rows.items()}})
