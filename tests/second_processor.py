"""Train a small network of each cell and print a digest of its weights: to be run on two processors.

Between them the trainings meet every cell, loss, optimiser and kind of input, two layers in both
directions with dropout, clipping, sequences of unlike length, and a state that is carried on.
"""

import hashlib
import warnings

from pipeline import cells, training
from tests import small
from tests.small import model_settings

NAMES = "".join(
    f"{'abc'[row % 3] * (1 + row % 5)}{'xyz'[row // 3 % 3]}{row // 9 * 'w'},{'abc'[row % 3]}\n" for row in range(18)
)
NUMBERS = "".join(f"{a} {b},{a + 2 * b}\n" for a in range(4) for b in range(4))

# By what is learnt: how the network reads it, and how it learns.
LESSONS = {
    "names": {"input": "embedding", "embedding": 3, "layers": 2, "direction": "both", "dropout": 0.2, "clip": 0.1},
    "numbers": {"input": "values", "scaling": "standard", "optimiser": "sgd", "momentum": 0.9, "hidden": 1},
    "text": {"window": 9, "sampling": "consecutive", "optimiser": "adamw", "weight_decay": 0.1, "hidden": 33},
}


def main() -> None:
    warnings.simplefilter("error")
    data = {"names": small.labelled(NAMES), "numbers": small.pairs(NUMBERS), "text": small.text("the same bytes " * 20)}
    for cell in cells.BUILDERS:
        for lesson, changes in LESSONS.items():
            fitted = training.fit(model_settings(cell=cell, **{"batch": 8, "hidden": 5, **changes}), data[lesson], 1)
            numbers = b"".join(fitted.weights[name].tobytes() for name in sorted(fitted.weights))
            print(cell, lesson, hashlib.sha256(numbers + repr(fitted.history).encode()).hexdigest(), flush=True)


if __name__ == "__main__":
    main()
