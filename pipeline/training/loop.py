"""Train one network from one seed: a pure function of params, data and seed.

`train_network` runs epochs until there are enough, `Trainer.run_epoch` runs one, `train_step` one optimiser step.
"""

import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, field

import torch
from torch import Tensor

from pipeline import determinism
from pipeline.data.prepared import Prepared
from pipeline.models.network import SequenceModel, StackState, build_network, count_parameters
from pipeline.models.storage import HELD_OUT, REFIT, Epoch, Weights
from pipeline.params.schema import ModelParams
from pipeline.tasks import TASKS, Task
from pipeline.tasks.batching import Batch, training_batches
from pipeline.tasks.examples import Examples, join_splits
from pipeline.tasks.inference import read_outputs
from pipeline.training.checkpoint import NoSaver, Saver, Snapshot
from pipeline.training.optim import Optimiser, build_optimiser, learning_rate_at
from pipeline.training.snapshot import Position, Tensors, gather, scatter

NO_SAVER = NoSaver()


@dataclass(frozen=True)
class TrainedNetwork:
    """A network after its training: its weights on the CPU (none if it diverged), and its history."""

    status: str  # "finished", or "diverged at epoch N"
    best_epoch: int  # whose weights these are
    parameters: int
    history: tuple[Epoch, ...]
    weights: Weights = field(default_factory=dict)


class Trainer:
    """The state of one training: all that changes while it runs, which `snapshot` copies and `restore` sets."""

    def __init__(self, params: ModelParams, prepared: Prepared, seed: int, fit: str, name: str) -> None:
        self.params, self.device = params, determinism.choose_device()
        self.task: Task = TASKS[prepared.card.task]
        determinism.make_deterministic()
        torch.manual_seed(seed)  # weights, dropout
        self.generator = torch.Generator().manual_seed(seed)  # order of the examples
        self.model = build_network(params, self.task.shape(prepared.card), name).to(self.device)
        self.optimiser = build_optimiser(params, self.model)
        self.train, self.validation = _examples(self.task, params, prepared, fit, self.device)
        self.position: Position | None = None  # within an epoch
        self.history: list[Epoch] = []
        self.best_epoch = 0
        self.best_weights: Weights = {}  # after that epoch

    def run_epoch(self, epoch: int, after_step: Callable[[], None] = lambda: None) -> Epoch:
        """Train on every batch once, or on the rest of a restored epoch; then take the validation loss."""
        position = self.position = self.position or Position.start(self.generator, self.device)
        self.generator.set_state(position.generator_state)
        batches = training_batches(self.train, self.params, self.generator)
        for batch in batches[position.batches :]:
            self._set_learning_rate(epoch, position.batches, len(batches))
            loss, scored, state = train_step(self.task, self.model, self.optimiser, self.params, batch, position.state)
            position.advance(loss, scored, state)
            after_step()
        self._set_learning_rate(epoch, len(batches) - 1, len(batches))
        self.position = None
        train_loss = (position.loss / position.scored).item()
        return Epoch(epoch, self.optimiser.learning_rate, train_loss, self._validation_loss())

    def _set_learning_rate(self, epoch: int, done: int, batches: int) -> None:
        """Set the learning rate of a batch of an epoch, after `done` others."""
        self.optimiser.learning_rate = learning_rate_at(self.params, epoch - 1 + done / batches)

    def _validation_loss(self) -> float | None:
        if self.validation is None:
            return None
        total, count = 0.0, 0
        for batch, outputs in read_outputs(self.model, self.validation, self.params):
            loss, scored = self.task.loss(self.model, outputs, batch)
            total, count = total + loss.item(), count + int(scored.item())
        return total / count

    def record(self, epoch: Epoch) -> None:
        """Add an epoch to the history, and keep its weights if they are the best so far; a refit keeps its last."""
        self.history.append(epoch)
        if not _is_finite(epoch):
            self.best_epoch, self.best_weights = 0, {}
        elif not self.best_epoch or epoch.validation_loss is None or self._improves(epoch):
            self.best_epoch, self.best_weights = epoch.epoch, self.copy_weights()

    def _improves(self, epoch: Epoch) -> bool:
        return _selection_loss(epoch) < _selection_loss(self.history[self.best_epoch - 1])

    @property
    def ended(self) -> bool:
        """Return whether there is no epoch left to run."""
        done, params = len(self.history), self.params
        stopped_early = params.patience > 0 and done - self.best_epoch >= params.patience
        return done == params.epochs or stopped_early or self.diverged

    @property
    def diverged(self) -> bool:
        """Return whether a loss of the last epoch is not finite."""
        return bool(self.history) and not _is_finite(self.history[-1])

    def copy_weights(self) -> Weights:
        """Copy the weights to the CPU."""
        return {name: value.detach().cpu().numpy().copy() for name, value in self.model.state_dict().items()}

    def snapshot(self) -> Snapshot:
        """Copy everything that has changed since the start."""
        position = self.position or Position.start(self.generator, self.device)
        tensors: Tensors = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state(),
            "position": position.tensors(),
            "random": determinism.random_state(self.device),
        }
        arrays = gather(tensors) | {f"best/{name}": array for name, array in self.best_weights.items()}
        facts = {
            "history": [astuple(epoch) for epoch in self.history],
            "best_epoch": self.best_epoch,
            "batches": position.batches,
        }
        return Snapshot(arrays, facts)

    def restore(self, snapshot: Snapshot) -> None:
        """Set everything as it was when the snapshot was taken."""
        tensors = scatter(snapshot.arrays)
        self.model.load_state_dict(tensors["model"])
        self.optimiser.restore(tensors["optimiser"])
        determinism.restore_random_state(self.device, tensors["random"])
        self.position = Position.from_tensors(snapshot.facts["batches"], tensors["position"], self.device)
        self.history = [Epoch(*values) for values in snapshot.facts["history"]]
        self.best_epoch, best = snapshot.facts["best_epoch"], tensors["best"]
        self.best_weights = {name: best[name].numpy() for name in self.model.state_dict() if best}


def train_step(
    task: Task,
    model: SequenceModel,
    optimiser: Optimiser,
    params: ModelParams,
    batch: Batch,
    state: StackState | None,
) -> tuple[Tensor, Tensor, StackState]:
    """Take one optimiser step; return the summed loss, the number of items scored, and the state, detached.

    Nothing here waits for the device: no number leaves it.
    """
    optimiser.zero_grad()
    outputs, after = model(batch.inputs, batch.lengths, None if batch.reset_state else state)
    loss, scored = task.loss(model, outputs, batch)
    torch.autograd.backward(loss / scored)
    if params.gradient_clip:
        optimiser.clip_gradients(params.gradient_clip)
    optimiser.step()
    return loss.detach(), scored, tuple(tuple(part.detach() for part in layer) for layer in after)


def train_network(
    params: ModelParams,
    prepared: Prepared,
    seed: int,
    fit: str = HELD_OUT,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    name: str = "model",
    saver: Saver = NO_SAVER,
) -> TrainedNetwork:
    """Train on the training rows and keep the epoch that is best on validation, or refit on all rows.

    Args:
        params: The model's params.
        prepared: Its data set.
        seed: Of the weights, of dropout and of the order of the examples.
        fit: "held-out" or "refit".
        on_epoch: Called after each epoch.
        name: The model's name, for errors.
        saver: Where checkpoints go. A state that it holds is resumed: that changes when this ends, not how.
    """
    trainer = Trainer(params, prepared, seed, fit, name)
    if (snapshot := saver.load()) is not None:
        trainer.restore(snapshot)
    while not trainer.ended:
        epoch = trainer.run_epoch(len(trainer.history) + 1, lambda: saver.offer(trainer.snapshot))
        trainer.record(epoch)
        on_epoch(epoch)
    saver.offer(trainer.snapshot, final=True)
    status = f"diverged at epoch {len(trainer.history)}" if trainer.diverged else "finished"
    size = count_parameters(trainer.model)
    return TrainedNetwork(status, trainer.best_epoch, size, tuple(trainer.history), trainer.best_weights)


def _selection_loss(epoch: Epoch) -> float:
    """Return the loss by which the best epoch is chosen."""
    return epoch.train_loss if epoch.validation_loss is None else epoch.validation_loss


def _is_finite(epoch: Epoch) -> bool:
    return math.isfinite(epoch.train_loss) and math.isfinite(_selection_loss(epoch))


def _examples(
    task: Task, params: ModelParams, prepared: Prepared, fit: str, device: torch.device
) -> tuple[Examples, Examples | None]:
    """Return the training examples and the validation examples of a fit."""
    if fit == REFIT:
        return task.examples(join_splits(prepared.splits), None, params, device), None
    train, validation = prepared.splits["train"], prepared.splits["validation"]
    return (
        task.examples(train, None, params, device),
        task.examples(validation, train, params, device),
    )
