"""skorch over the batches of a model, for `benchmarks.epoch`; needs requirements-bench.lock."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import GradientNormClipping
from torch import Tensor, nn

from benchmarks.epoch import read_model, repeat
from benchmarks.loops import our_trainer
from benchmarks.plain_network import OPTIMISERS, Network
from benchmarks.turns import Run
from pipeline.tasks.batching import Batch, training_batches


class Batches(torch.utils.data.Dataset[Any]):
    """The batches of an epoch, in order; a text's state is dropped where it starts again."""

    def __init__(self, batches: Sequence[Batch], drop_state: Callable[[], None]) -> None:
        self.batches, self.drop_state = batches, drop_state

    def __len__(self) -> int:
        return len(self.batches)


class Iterate:
    """What skorch calls to get batches."""

    def __init__(self, dataset: Batches, batch_size: int) -> None:
        self.dataset = dataset

    def __iter__(self) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
        for batch in self.dataset.batches:
            if batch.reset_state:
                self.dataset.drop_state()
            lengths = {} if batch.lengths is None else {"lengths": batch.lengths}
            yield {"inputs": batch.inputs, **lengths}, batch.targets


class Loss(nn.Module):
    """The loss of the plain network."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.of = network.loss

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss."""
        return self.of(outputs, targets)


def skorch_epoch(name: str) -> Run:
    """Return what takes an epoch with skorch, in processor seconds."""
    trainer = our_trainer(*read_model(name), name)
    torch.set_deterministic_debug_mode("default")
    params = trainer.params
    network = Network(params, trainer.model.shape, trainer.model.trains_every_step)
    clipping = [GradientNormClipping(params.gradient_clip)] if params.gradient_clip else []
    net = NeuralNet(
        network,
        Loss,
        criterion__network=network,
        optimizer=OPTIMISERS[params.optimiser],
        optimizer__betas=(0.9, params.beta2),
        optimizer__weight_decay=params.weight_decay,
        optimizer__fused=True,
        lr=params.learning_rate,
        max_epochs=1,
        train_split=None,
        iterator_train=Iterate,
        callbacks=clipping,
        callbacks__print_log=None,
    ).initialize()
    batches = list(training_batches(trainer.train, params, torch.Generator().manual_seed(1)))
    dataset = Batches(batches, lambda: setattr(net.module_, "state", None))

    def run() -> float:
        net.partial_fit(dataset, None)
        return float(net.history[-1]["train_loss"])

    return repeat(run)
