"""Train one network from one seed: a pure function of params, data and seed.

`train_network` runs epochs until there are enough, `Trainer.run_epoch` runs one, `train_step` one optimiser step.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline import determinism
from pipeline.data.prepared import ALL_ROWS, TRAIN, Prepared, join_splits
from pipeline.models.network import SequenceModel, StackState, build_network, count_parameters
from pipeline.models.samples import TrainingSample
from pipeline.models.storage import DIVERGED, FINISHED, NOT_LEARNED, Epoch, Weights
from pipeline.params.models import ModelParams
from pipeline.tasks import TASKS, Task
from pipeline.tasks.batching import Batch, reading_batches, training_batches
from pipeline.tasks.examples import Examples
from pipeline.tasks.reading import read_outputs
from pipeline.training.checkpoint import NO_SAVER, Saver, Snapshot
from pipeline.training.epoch_report import EpochReport, check_prefixes, continue_prefixes, describe_guess
from pipeline.training.graphs import record_steps
from pipeline.training.optim import Optimiser, build_optimiser, learning_rate_at
from pipeline.training.position import Position

# A network whose loss is this close to that of a constant has learned the constant, if no more: some targets have none.
TOLERANCE = 0.01


@dataclass(frozen=True)
class TrainedNetwork:
    """A network after its training: its weights on the CPU (none if it diverged), and its history."""

    status: str  # how it ended, as in `Outcome`
    best_epoch: int  # whose weights these are
    parameters: int
    history: tuple[Epoch, ...]
    samples: tuple[TrainingSample, ...] = ()
    weights: Weights = field(default_factory=dict)


class Trainer:
    """The state of one training: all that changes while it runs, which `snapshot` copies and `restore` sets."""

    def __init__(self, params: ModelParams, prepared: Prepared, seed: int, fit: str, name: str) -> None:
        check_prefixes(params, prepared, name)
        self.params, self.prepared, self.device = params, prepared, determinism.choose_device()
        self.task: Task = TASKS[prepared.card.task]
        determinism.make_deterministic()
        torch.manual_seed(seed)  # weights, dropout
        self.generator = torch.Generator().manual_seed(seed)  # order of the examples
        self.model = build_network(params, self.task.shape(prepared), name).to(self.device)
        self.optimiser = build_optimiser(params, self.model)
        self.train, self.validation = _examples(self.task, params, prepared, fit, self.device)
        step = partial(train_step, self.task, self.model, self.optimiser, params)
        self.take_step = record_steps(step, self.optimiser, self.train, self.device)
        self.position = Position.start(self.generator, self.device)
        self.history: list[Epoch] = []
        self.samples: tuple[TrainingSample, ...] = ()
        self.last_batch: Batch | None = None  # of an epoch
        self.best_epoch = 0
        self.best_weights: Weights = {}  # after that epoch

    def run_epoch(self, epoch: int, after_step: Callable[[int], None] = lambda batches: None) -> Epoch:
        """Train on every batch once, or on the rest of a restored epoch; then take the validation loss."""
        position = self.position
        self.generator.set_state(position.generator_state)
        batches = training_batches(self.train, self.params, self.generator)
        for batch in batches[position.batches :]:
            self._set_learning_rate(epoch, position.batches, len(batches))
            position.advance(*self.take_step(batch, position.state))
            after_step(len(batches))
        self._set_learning_rate(epoch, len(batches) - 1, len(batches))
        self.last_batch, self.position = batches[-1], Position.start(self.generator, self.device)
        train_loss = (position.loss / position.scored).item()
        return Epoch(epoch, self.optimiser.learning_rate, train_loss, self._validation_loss())

    def _set_learning_rate(self, epoch: int, done: int, batches: int) -> None:
        """Set the learning rate of a batch of an epoch, after `done` others."""
        self.optimiser.learning_rate = learning_rate_at(self.params, epoch - 1 + done / batches)

    def _validation_loss(self) -> float | None:
        return None if self.validation is None else self._loss(self.validation)

    def _loss(self, examples: Examples) -> float:
        """Return the mean loss of the network as it is."""
        total, count = 0.0, 0
        for batch, outputs in read_outputs(self.model, reading_batches(examples, self.params)):
            loss, scored = self.task.loss(self.model, outputs, batch)
            total, count = total + loss.item(), count + int(scored.item())
        return total / count

    def record(self, epoch: Epoch) -> None:
        """Add an epoch to the history, with samples, and keep its weights: the best by validation rows, or the last."""
        self.history.append(epoch)
        if not epoch.is_finite:
            self.best_epoch, self.best_weights = 0, {}
            return
        self.samples += continue_prefixes(self.model, self.prepared, self.params.samples, epoch.epoch)
        if not self.best_epoch or epoch.validation_loss is None or self._improves(epoch):
            self.best_epoch, self.best_weights = epoch.epoch, _to_arrays(self.model.state_dict())

    def _improves(self, epoch: Epoch) -> bool:
        return epoch.selection_loss < self.history[self.best_epoch - 1].selection_loss

    def report(self) -> EpochReport:
        """Return what the last epoch shows."""
        epoch, batch = self.history[-1], self.last_batch
        guess = "" if batch is None else describe_guess(self.task, self.model, batch, self.params, self.prepared)
        return EpochReport(epoch, guess, tuple(sample for sample in self.samples if sample.epoch == epoch.epoch))

    @property
    def ended(self) -> bool:
        """Return whether there is no epoch left to run."""
        done, params = len(self.history), self.params
        stopped_early = params.patience > 0 and done - self.best_epoch >= params.patience
        return done == params.epochs or stopped_early or self.diverged

    @property
    def diverged(self) -> bool:
        """Return whether a loss of the last epoch is not finite."""
        return bool(self.history) and not self.history[-1].is_finite

    def drop_infinite_weights(self) -> None:
        """Keep no weights that are not finite, as the last step may leave them after a finite loss."""
        if not all(np.isfinite(weights).all() for weights in self.best_weights.values()):
            self.best_epoch, self.best_weights = 0, {}

    def describe_end(self) -> str:
        """Return how the training ended, once it has: a kept network that is worse than a constant did not learn."""
        if not self.best_epoch:
            return f"{DIVERGED} at epoch {len(self.history)}"
        loss = self.history[self.best_epoch - 1].validation_loss
        if loss is None:  # the training loss is that of all networks of the epoch, the kept one being the last
            loss = self._loss(self.train)
        constant = self.task.constant_loss(self.model, self.train, self.validation or self.train)
        if loss <= constant or math.isclose(loss, constant, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            return FINISHED
        return f"{NOT_LEARNED}: loss {loss:.3g}, where a constant reaches {constant:.3g}"

    def snapshot(self) -> Snapshot:
        """Copy everything that has changed since the start."""
        arrays = {
            "model": _to_arrays(self.model.state_dict()),
            "best": self.best_weights,
            "optimiser": _to_arrays(self.optimiser.state()),
            "position": _to_arrays(self.position.tensors()),
            "random": _to_arrays(determinism.random_state(self.device)),
        }
        facts = {
            "history": [astuple(epoch) for epoch in self.history],
            "samples": [astuple(sample) for sample in self.samples],
            "best_epoch": self.best_epoch,
            "batches": self.position.batches,
        }
        return Snapshot(arrays, facts)

    def restore(self, snapshot: Snapshot) -> None:
        """Set everything as it was when the snapshot was taken."""
        arrays, facts = snapshot.arrays, snapshot.facts
        self.model.load_state_dict(_to_tensors(arrays["model"]))
        self.optimiser.restore(_to_tensors(arrays["optimiser"]))
        determinism.restore_random_state(self.device, _to_tensors(arrays["random"]))
        self.position = Position.from_tensors(facts["batches"], _to_tensors(arrays["position"]), self.device)
        self.history = [Epoch(*values) for values in facts["history"]]
        self.samples = tuple(TrainingSample(*values) for values in facts["samples"])
        self.best_epoch = facts["best_epoch"]
        self.best_weights = {name: arrays["best"][name] for name in self.model.state_dict() if arrays["best"]}


def train_step(
    task: Task, model: SequenceModel, optimiser: Optimiser, params: ModelParams, batch: Batch, state: StackState | None
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
    fit: str = TRAIN,
    on_epoch: Callable[[EpochReport], None] = lambda report: None,
    name: str = "model",
    saver: Saver = NO_SAVER,
    on_step: Callable[[int, int, int], None] = lambda epoch, batch, batches: None,
) -> TrainedNetwork:
    """Train on the training rows and keep the epoch that is best on validation, or train on all rows.

    Args:
        params: The model's params.
        prepared: Its data set.
        seed: Of the weights, of dropout and of the order of the examples.
        fit: "train" or "all_rows".
        on_epoch: Called after each epoch with what it shows.
        name: The model's name, for errors.
        saver: Where checkpoints go. A state that it holds is resumed: that changes when this ends, not how.
        on_step: Called after each optimiser step with its epoch, its number there, and the number of steps there.
    """
    trainer = Trainer(params, prepared, seed, fit, name)
    if (snapshot := saver.load()) is not None:
        trainer.restore(snapshot)

    def after_step(batches: int) -> None:
        saver.offer(trainer.snapshot)
        on_step(len(trainer.history) + 1, trainer.position.batches, batches)

    while not trainer.ended:
        epoch = trainer.run_epoch(len(trainer.history) + 1, after_step)
        trainer.record(epoch)
        on_epoch(trainer.report())
    saver.offer(trainer.snapshot, final=True)
    trainer.drop_infinite_weights()
    size = count_parameters(trainer.model)
    return TrainedNetwork(
        trainer.describe_end(), trainer.best_epoch, size, tuple(trainer.history), trainer.samples, trainer.best_weights
    )


def _to_arrays(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    return {name: value.detach().cpu().numpy().copy() for name, value in tensors.items()}


def _to_tensors(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
    return {name: torch.tensor(array) for name, array in arrays.items()}


def _examples(
    task: Task, params: ModelParams, prepared: Prepared, fit: str, device: torch.device
) -> tuple[Examples, Examples | None]:
    """Return the training examples and the validation examples of a fit."""
    if fit == ALL_ROWS:
        return task.examples(join_splits(prepared.splits), None, params, device), None
    train, validation = prepared.splits["train"], prepared.splits["validation"]
    return (
        task.examples(train, None, params, device),
        task.examples(validation, train, params, device),
    )
