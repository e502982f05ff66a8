"""Train one network from one seed: a pure function of settings, data and seed."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from pipeline import batches, device, models, optimisation
from pipeline.datasets.prepared import Prepared
from pipeline.examples import Examples, joined
from pipeline.history import HELD_OUT, REFIT, Epoch
from pipeline.model_folder import Weights
from pipeline.models import SequenceModel, StackState
from pipeline.optimisation import Optimiser
from pipeline.settings.models import ModelSettings
from pipeline.tasks import TASKS, Task
from pipeline.tasks.reading import outputs as read_outputs


@dataclass(frozen=True)
class Fitted:
    """A trained network: weights on the CPU (none if it diverged), and how it came to them."""

    status: str  # "finished", or "diverged at epoch N"
    best_epoch: int  # whose weights these are
    parameters: int
    history: tuple[Epoch, ...]
    weights: Weights = field(default_factory=dict)


class Trainer:
    """The state of one training between its epochs."""

    def __init__(self, settings: ModelSettings, prepared: Prepared, seed: int, fit: str, name: str) -> None:
        self.settings, self.where = settings, device.choose()
        self.task: Task = TASKS[prepared.card.task]
        device.make_deterministic()
        torch.manual_seed(seed)  # weights, dropout
        self.generator = torch.Generator().manual_seed(seed)  # order of the examples
        self.model = models.build(settings, self.task.shape(prepared.card), name).to(self.where)
        self.optimiser = optimisation.build(settings, self.model)
        self.train, self.validation = _examples(self.task, settings, prepared, fit, self.where)

    def run_epoch(self, epoch: int) -> Epoch:
        """Train on every batch once, then read the validation rows."""
        portions = batches.training(self.train, self.settings, self.generator)
        total = torch.zeros((), device=self.where, dtype=torch.float64)
        count = torch.zeros((), device=self.where, dtype=torch.int64)
        state: StackState | None = None
        for done, batch in enumerate(portions):
            rate = optimisation.rate_at(self.settings, epoch - 1 + done / len(portions))
            self.optimiser.rate = rate
            summed, scored, state = step(self.task, self.model, self.optimiser, self.settings, batch, state)
            total += summed
            count += scored
        return Epoch(epoch, rate, (total / count).item(), self._validation_loss())

    def _validation_loss(self) -> float | None:
        if self.validation is None:
            return None
        total, count = 0.0, 0
        for batch, result in read_outputs(self.model, self.validation, self.settings):
            summed, scored = self.task.loss(self.model, result, batch)
            total, count = total + summed.item(), count + int(scored.item())
        return total / count

    def weights(self) -> Weights:
        """Copy the weights to the CPU."""
        return {name: value.detach().cpu().numpy().copy() for name, value in self.model.state_dict().items()}


def step(
    task: Task,
    model: SequenceModel,
    optimiser: Optimiser,
    settings: ModelSettings,
    batch: batches.Batch,
    state: StackState | None,
) -> tuple[Tensor, Tensor, StackState]:
    """Take one optimiser step; return the summed loss, the items scored, and the state, detached.

    Nothing here waits for the device: no number leaves it.
    """
    optimiser.zero_grad()
    outputs, after = model(batch.inputs, batch.lengths, None if batch.fresh else state)
    summed, scored = task.loss(model, outputs, batch)
    torch.autograd.backward(summed / scored)
    if settings.clip:
        optimiser.clip(settings.clip)
    optimiser.step()
    return summed.detach(), scored, tuple(tuple(part.detach() for part in layer) for layer in after)


def fit(
    settings: ModelSettings,
    prepared: Prepared,
    seed: int,
    fit: str = HELD_OUT,
    watch: Callable[[Epoch], None] = lambda epoch: None,
    name: str = "model",
) -> Fitted:
    """Train on the training rows and keep the epoch that is best on validation, or refit to all rows."""
    trainer = Trainer(settings, prepared, seed, fit, name)
    size, history = models.parameters(trainer.model), []
    best, best_loss, weights = 0, math.inf, trainer.weights()
    for epoch in range(1, settings.epochs + 1):
        done = trainer.run_epoch(epoch)
        history.append(done)
        watch(done)
        judged = done.train_loss if done.validation_loss is None else done.validation_loss
        if not (math.isfinite(done.train_loss) and math.isfinite(judged)):
            return Fitted(f"diverged at epoch {epoch}", 0, size, tuple(history))
        if done.validation_loss is None or judged < best_loss:  # a refit keeps its last epoch
            best, best_loss, weights = epoch, judged, trainer.weights()
        if settings.patience and epoch - best >= settings.patience:
            break
    return Fitted("finished", best, size, tuple(history), weights)


def _examples(
    task: Task, settings: ModelSettings, prepared: Prepared, fit: str, where: torch.device
) -> tuple[Examples, Examples | None]:
    """Return what is trained on and what is validated on."""
    if fit == REFIT:
        return task.examples(joined(prepared.splits), None, settings, where), None
    train, validation = prepared.splits["train"], prepared.splits["validation"]
    return (
        task.examples(train, None, settings, where),
        task.examples(validation, train, settings, where),
    )
