"""A published loop, and ours to the same loss, each in a process of its own: for `benchmarks.published_loops`."""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.plain_network import Network
from benchmarks.published_loops import LOOKS, RECIPES, Recipe
from benchmarks.stepping import read_or_prepare
from benchmarks.turns import processor_seconds
from pipeline.data.prepared import ALL_ROWS, TRAIN
from pipeline.params import load_params
from pipeline.params.models import ModelParams, StepSchedule
from pipeline.project import code
from pipeline.tasks.batching import Batch, reading_batches, training_batches
from pipeline.tasks.examples import UNSCORED
from pipeline.training.loop import Trainer

PUBLISHED = Path("published/params.yaml")
SEED = 1


class PublishedNetwork(Network):
    """The plain network, perhaps with a ReLU after its head."""

    def __init__(self, params: ModelParams, trainer: Trainer) -> None:
        super().__init__(params, trainer.model.shape, trainer.model.trains_every_step)
        if params.head == "linear-relu":
            self.head = nn.Sequential(self.head, nn.ReLU())


def published(name: str, limit: str) -> Callable[[], dict[str, Any]]:
    """Return what trains as published, and returns the loss, the seconds to it, and those of the whole recipe."""
    recipe = RECIPES[name]
    params = load_params(code.ROOT / PUBLISHED).models[recipe.published]
    trainer = build_trainer(recipe, params)
    torch.set_deterministic_debug_mode("default")
    torch.manual_seed(SEED)
    loop = PublishedLoop(params, trainer)
    return lambda: loop.train(recipe, float(limit))


def ours(name: str, wanted: str) -> Callable[[], float | None]:
    """Return what trains our model until its loss is as wanted, and returns the processor seconds, or None."""
    recipe = RECIPES[name]
    trainer = build_trainer(recipe, load_params().models[recipe.ours])
    std = trainer.model.shape.targets_scale.std
    return lambda: _train_ours(trainer, recipe, float(wanted) / std**2)  # of numbers, the loss is in their scale


def _train_ours(trainer: Trainer, recipe: Recipe, wanted: float) -> float | None:
    seconds = 0.0
    while not trainer.ended:
        seconds += processor_seconds(lambda: trainer.record(trainer.run_epoch(len(trainer.history) + 1)))
        epoch = trainer.history[-1]
        if (epoch.train_loss if recipe.training_loss else epoch.selection_loss) <= wanted:
            return seconds
    return None


def build_trainer(recipe: Recipe, params: ModelParams) -> Trainer:
    """Return a training of a block on a data set of params.yaml: on all its rows, or with validation rows left out."""
    known = load_params()
    dataset = known.models[recipe.ours].dataset
    prepared = read_or_prepare(dataset, known.datasets[dataset])
    return Trainer(params, prepared, SEED, ALL_ROWS if recipe.training_loss else TRAIN, recipe.published)


class PublishedLoop:
    """A training loop as write-ups have it."""

    def __init__(self, params: ModelParams, trainer: Trainer) -> None:
        self.params, self.trainer = params, trainer
        self.network = PublishedNetwork(params, trainer)
        make = torch.optim.SGD if params.optimiser == "sgd" else torch.optim.Adam
        self.optimiser = make(self.network.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay)
        self.generator = torch.Generator().manual_seed(SEED)
        self.seconds, self.steps, self.epoch_steps = 0.0, 0, len(self._epoch())

    def train(self, recipe: Recipe, limit: float) -> dict[str, Any]:
        """Train to the training loss of a recipe or for a time; return the loss, None if not reached, and seconds."""
        best, at = math.inf, 0.0  # the lowest loss, and after how many seconds
        for loss, ended in self._losses(recipe, limit):
            if loss < best:
                best, at = loss, self.seconds
            if ended or (recipe.training_loss and best <= recipe.training_loss):
                break
        reached = best <= (recipe.training_loss or math.inf)
        found = (recipe.training_loss or best) if reached else None
        return {"loss": found, "seconds": at, "whole": self._whole(recipe)}

    def _whole(self, recipe: Recipe) -> float:
        """Return what the whole recipe takes, in seconds, estimated from the steps so far."""
        steps = recipe.steps or self.params.epochs * self.epoch_steps
        return steps * self.seconds / self.steps

    def _losses(self, recipe: Recipe, limit: float) -> Iterator[tuple[float, bool]]:
        """Yield the training loss of each epoch, or validation losses in between, and whether the time is over.

        That is the limit, or what the whole recipe takes if that is less.
        """
        looked = 0
        while True:
            self._set_learning_rate()
            losses: list[float] = []
            for batch in self._epoch():
                losses.append(self._timed_step(batch))
                end = min(limit, self._whole(recipe))
                if recipe.training_loss is None and self.seconds >= (looked + 1) * end / LOOKS:
                    looked += 1
                    yield self.validation_loss(), looked == LOOKS
            if recipe.training_loss is not None:
                yield sum(losses) / len(losses), self.seconds >= limit

    def _epoch(self) -> list[Batch]:
        """Return the batches of an epoch; they are made off the clock."""
        return list(training_batches(self.trainer.train, self.params, self.generator))

    def _set_learning_rate(self) -> None:
        schedule = self.params.schedule
        if isinstance(schedule, StepSchedule):
            epochs = self.steps // self.epoch_steps
            self.optimiser.param_groups[0]["lr"] = self.params.learning_rate * schedule.factor ** (
                epochs // schedule.every
            )

    def _timed_step(self, batch: Batch) -> float:
        started = time.process_time()
        loss = self._step(batch)
        self.seconds, self.steps = self.seconds + time.process_time() - started, self.steps + 1
        return loss

    def _step(self, batch: Batch) -> float:
        """Take one optimiser step; return the loss, for which it waits."""
        self.optimiser.zero_grad()
        if batch.reset_state:
            self.network.state = None
        loss = self.network.loss(self.network(batch.inputs, batch.lengths), batch.targets)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.params.gradient_clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.params.gradient_clip)
        self.optimiser.step()
        return loss.item()

    @torch.no_grad()
    def validation_loss(self) -> float:
        """Return the mean loss of the validation rows; a text's state of the training goes on afterwards."""
        if self.trainer.validation is None:
            raise ValueError("there are no validation rows")
        network, state = self.network.eval(), self.network.state
        network.every_step, trained = network.shape.every_step, network.every_step
        total, count = 0.0, 0
        for batch in reading_batches(self.trainer.validation, self.params):
            if batch.reset_state:
                network.state = None
            outputs = network(batch.inputs, batch.lengths)
            if scored := _count_scored(batch.targets):
                total, count = total + network.loss(outputs, batch.targets).item() * scored, count + scored
        network.state, network.every_step = state, trained
        network.train()
        return total / count


def _count_scored(targets: Tensor) -> int:
    return int((targets != UNSCORED).sum())
