"""The two losses: cross-entropy for symbols and classes, squared error for numbers."""

import torch
from torch import Tensor
from torch.nn import functional

from pipeline.batches import Batch
from pipeline.examples import UNSCORED
from pipeline.models import SequenceModel


def cross_entropy(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Sum the nats of the true symbols or classes over the scored targets; return that and their number."""
    targets = targets.flatten()
    logits = outputs.flatten(0, -2)  # (items, k)
    total = functional.cross_entropy(logits, targets, ignore_index=UNSCORED, reduction="sum")
    return total, (targets != UNSCORED).sum()


def squared_error(model: SequenceModel, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Sum the squared errors in the targets' scale; return that and their number."""
    scale = model.shape.targets_scale
    wanted = (batch.targets - scale.mean) / scale.std
    errors = (outputs.squeeze(1) - wanted) ** 2
    return errors.sum(), torch.ones_like(wanted, dtype=torch.int64).sum()
