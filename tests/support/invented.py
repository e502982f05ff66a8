"""Invented numbers and texts for tests of the report and of tracking, the same at every call."""

import zlib
from random import Random

from pipeline.params import Params

ODD = "<b>&\"'|*_`</script> \u2028[x](y)"  # text that a page must not read as markup
EPOCHS = 5
DIVERGED = {("names-rnn", 2): "diverged at epoch 3"}
ALL_DIVERGED = "sales-rnn"
CLASSES = {"Czech": 477, "Irish": 2000, "Polish": 2000}


def random(*key: object) -> Random:
    """Return a random generator for a key."""
    return Random(zlib.crc32(repr(key).encode()))


def splits(dataset: str, known: Params) -> list[str]:
    """Return the splits on which a data set's models are evaluated."""
    block = known.datasets[dataset]
    return ["all_rows"] * block.refit + ["validation", "test"] * (block.test > 0)


def statuses(model: str, known: Params) -> dict[int, str]:
    """Return how each seed of a model ended."""
    return {
        seed: "diverged at epoch 2" if model == ALL_DIVERGED else DIVERGED.get((model, seed), "finished")
        for seed in known.models[model].seeds
    }


def history(dataset: str, model: str, known: Params) -> list[tuple[object, ...]]:
    """Return the rows of a model's history."""
    block = known.datasets[dataset]
    fits = ["held-out"] * (block.test > 0) + ["refit"] * block.refit
    rows: list[tuple[object, ...]] = []
    for seed in known.models[model].seeds:
        for fit in fits:
            for epoch in range(1, EPOCHS + 1):
                loss = 3 / epoch + random(model, seed, epoch).random() / 10
                rows.append((seed, fit, epoch, 0.01, loss, loss + 0.1 if fit == "held-out" else ""))
    return rows
