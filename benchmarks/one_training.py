"""Train one network of a model again and again, with the code of any commit: `benchmarks.tiny` starts this file.

It imports nothing of `benchmarks`, and of `pipeline` only what older commits have as well.
"""

import sys
import time

from pipeline.data import formats
from pipeline.params import load_params
from pipeline.training import loop


def main(name: str, epochs: str) -> None:
    """Print the processor seconds of a training for each line of the input; "all" epochs, or so many."""
    params = load_params()
    model = params.models[name]
    if epochs != "all":
        model = model.model_copy(update={"epochs": int(epochs)})
    prepared = formats.prepare(model.dataset, params.datasets[model.dataset])
    for _ in sys.stdin:
        started = time.process_time()
        loop.train_network(model, prepared, model.seeds[0], "train")
        print(time.process_time() - started, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
