"""Train a small network of each cell and print a digest of its weights: to be run on two processors.

Together the trainings cover every cell, loss and optimiser, two bidirectional layers with dropout,
clipping, sequences of different length, a state that is carried over, and single sequences.
"""

import hashlib
import warnings

from pipeline.models import cells
from pipeline.training import loop
from tests.support import small
from tests.support.small import model_params

NAMES = "".join(
    f"{'abc'[row % 3] * (1 + row % 5)}{'xyz'[row // 3 % 3]}{row // 9 * 'w'},{'abc'[row % 3]}\n" for row in range(18)
)
NUMBERS = "".join(f"{a} {b},{a + 2 * b}\n" for a in range(4) for b in range(4))

# The params of the training on each data set.
TRAININGS = {
    "names": {
        "input": "embedding",
        "embedding_size": 3,
        "layers": 2,
        "bidirectional": True,
        "dropout": 0.2,
        "gradient_clip": 0.1,
    },
    "numbers": {"input": "values", "scaling": "standard", "optimiser": "sgd", "momentum": 0.9, "hidden_size": 1},
    "drawn numbers": {
        "input": "flat",
        "sampling": "drawn",
        "steps_per_epoch": 3,
        "initialisation": "normal",
        "optimiser": "rmsprop",
        "momentum": 0.5,
    },
    "text": {
        "sequence_length": 9,
        "sampling": "consecutive",
        "optimiser": "adamw",
        "weight_decay": 0.1,
        "hidden_size": 33,
    },
    "names one by one": {"input": "one-hot", "batch_size": 1, "optimiser": "sgd", "hidden_size": cells.LARGE},
}


def main() -> None:
    warnings.simplefilter("error")
    names, numbers = small.labelled(NAMES), small.pairs(NUMBERS)
    data = {"names": names, "names one by one": names, "numbers": numbers, "drawn numbers": numbers}
    data["text"] = small.text("the same bytes " * 20)
    for cell in cells.BUILDERS:
        for name, changes in TRAININGS.items():
            trained = loop.train_network(
                model_params(cell=cell, **{"batch_size": 8, "hidden_size": 5, **changes}), data[name], 1
            )
            weights = b"".join(trained.weights[key].tobytes() for key in sorted(trained.weights))
            print(cell, name, hashlib.sha256(weights + repr(trained.history).encode()).hexdigest(), flush=True)


if __name__ == "__main__":
    main()
