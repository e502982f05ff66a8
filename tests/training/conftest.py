"""Small data sets to train on, and what a trained network makes of them."""

import numpy as np
import pytest
import torch

from pipeline.scores import scores
from pipeline.tasks import TASKS
from tests import small


@pytest.fixture(scope="session")
def text():
    return small.text("aabb" * 250, alphabet="ab")  # one symbol back does not tell the next, two do


@pytest.fixture(scope="session")
def names():
    """Make names whose class is their first letter, whatever follows."""
    draws = np.random.default_rng(1)
    rest = ["".join(draws.choice(list("xyz"), size)) for size in draws.integers(1, 7, 400)]
    return small.labelled("".join(dict.fromkeys(f"{'abc'[n % 3]}{end},{'abc'[n % 3]}\n" for n, end in enumerate(rest))))


@pytest.fixture(scope="session")
def pairs():
    return small.pairs("".join(f"{a} {b},{a + 2 * b}\n" for a in range(8) for b in range(8)), refit=True)


@pytest.fixture(scope="session")
def noise():
    """Make labels that nothing tells, so that learning the training rows by heart makes the others worse."""
    draws = np.random.default_rng(1)
    rows = dict.fromkeys("".join(draws.choice(list("abcd"), 6)) for _ in range(60))
    return small.labelled("".join(f"{row},{draws.choice(['p', 'q'])}\n" for row in rows))


def same(one, other):
    return list(one) == list(other) and all(one[name].tobytes() == other[name].tobytes() for name in one)


def judged(fitted, block, prepared, split="test"):
    """Return the metrics of a trained network on a split."""
    task = TASKS[prepared.card.task]
    model = small.network(block, prepared)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in fitted.weights.items()})
    history = prepared.splits["train"]
    examples = task.examples(prepared.splits[split], history, block, torch.device("cpu"))
    return scores(task.predict(model, examples, block), prepared.card)
