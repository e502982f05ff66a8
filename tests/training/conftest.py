"""Small data sets to train on, and the metrics of a network trained on them."""

import numpy as np
import pytest
import torch

from pipeline.evaluation.tasks import EVALUATIONS
from pipeline.tasks import TASKS
from tests.support import small


@pytest.fixture(scope="session")
def text():
    return small.text("aabb" * 250, alphabet="ab")  # the last symbol does not decide the next, the last two do


@pytest.fixture(scope="session")
def names():
    """Return names whose class is their first letter, whatever follows."""
    draws = np.random.default_rng(1)
    rest = ["".join(draws.choice(list("xyz"), size)) for size in draws.integers(1, 7, 400)]
    return small.labelled("".join(dict.fromkeys(f"{'abc'[n % 3]}{end},{'abc'[n % 3]}\n" for n, end in enumerate(rest))))


@pytest.fixture(scope="session")
def pairs():
    return small.pairs("".join(f"{a} {b},{a + 2 * b}\n" for a in range(8) for b in range(8)), refit=True)


@pytest.fixture(scope="session")
def noise():
    """Return random labels: a network that memorises the training rows gets worse on the others."""
    draws = np.random.default_rng(1)
    rows = dict.fromkeys("".join(draws.choice(list("abcd"), 6)) for _ in range(60))
    return small.labelled("".join(f"{row},{draws.choice(['p', 'q'])}\n" for row in rows))


def same_weights(one, other):
    """Return whether two networks have the same weights, to the bit."""
    return list(one) == list(other) and all(one[name].tobytes() == other[name].tobytes() for name in one)


def evaluate(trained, params, prepared, split="test"):
    """Return the metrics of a trained network on a split."""
    task = TASKS[prepared.card.task]
    model = small.network(params, prepared)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in trained.weights.items()})
    history = prepared.splits["train"]
    examples = task.examples(prepared.splits[split], history, params, torch.device("cpu"))
    return EVALUATIONS[prepared.card.task].compute(task.predict(model, examples, params), prepared.card)
