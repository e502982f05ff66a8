"""What a task supplies to training and evaluation, and the loss that tasks of labels share."""

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pipeline.data.prepared import Prepared
from pipeline.files import Arrays
from pipeline.models.encoders import Shape
from pipeline.models.network import SequenceModel
from pipeline.params.models import ModelParams
from pipeline.tasks.batching import Batch
from pipeline.tasks.examples import UNSCORED, Examples

# Arrays with an entry for each scored item, in the order of the data; each task names its own keys.
Predictions = Mapping[str, NDArray[Any]]


class Task(Protocol):
    """What one kind of task supplies: examples, losses and predictions."""

    def shape(self, prepared: Prepared) -> Shape:
        """Return what a network must read and give out for this data set."""

    def examples(self, arrays: Arrays, history: Arrays | None, params: ModelParams, device: torch.device) -> Examples:
        """Return a split as tensors; `history` is the split before it in time, if there is one."""

    def loss(self, model: SequenceModel, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the summed loss of a batch and the number of scored items, both scalars on the device.

        `outputs` are (b, t, k), or (b, k) for one output a sequence; the batch has the targets.
        """

    def constant_loss(self, model: SequenceModel, train: Examples, scored: Examples) -> float:
        """Return the mean loss, as `loss` counts it, of the best constant answer to `train` on other examples.

        A network that is worse than that did not learn.
        """

    def predict(self, model: SequenceModel, examples: Examples, params: ModelParams) -> Predictions:
        """Return the predictions of all examples, without training."""


def cross_entropy(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return the negative log-likelihood of the scored targets, summed, in nats, and their number."""
    targets = targets.flatten()
    logits = outputs.flatten(0, -2)  # (items, k)
    total = functional.cross_entropy(logits, targets, ignore_index=UNSCORED, reduction="sum")
    return total, (targets != UNSCORED).sum()


def constant_cross_entropy(train: Tensor, scored: Tensor, outputs: int) -> float:
    """Return the mean nll, in nats, of scored targets under their shares in training, 1 being added to each count."""
    known, found = (
        torch.bincount(targets[targets != UNSCORED], minlength=outputs).double() for targets in (train, scored)
    )
    shares = (known + 1) / (known + 1).sum()
    return -(found @ shares.log() / found.sum()).item()
