"""Train one network from one seed: a pure function of settings, data and seed."""

import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, field

import torch
from torch import Tensor

from pipeline import batches, device, models, optimisation
from pipeline.checkpoints import Forgetful, Saver, Snapshot
from pipeline.datasets.prepared import Prepared
from pipeline.examples import Examples, joined
from pipeline.history import HELD_OUT, REFIT, Epoch
from pipeline.model_folder import Weights
from pipeline.models import SequenceModel, StackState
from pipeline.optimisation import Optimiser
from pipeline.settings.models import ModelSettings
from pipeline.snapshots import Place, Tensors, gathered, scattered
from pipeline.tasks import TASKS, Task
from pipeline.tasks.reading import outputs as read_outputs

FORGETFUL = Forgetful()


@dataclass(frozen=True)
class Fitted:
    """A trained network: weights on the CPU (none if it diverged), and how it came to them."""

    status: str  # "finished", or "diverged at epoch N"
    best_epoch: int  # whose weights these are
    parameters: int
    history: tuple[Epoch, ...]
    weights: Weights = field(default_factory=dict)


class Trainer:
    """The state of one training: all that changes while it runs, which `snapshot` keeps and `restore` brings back."""

    def __init__(self, settings: ModelSettings, prepared: Prepared, seed: int, fit: str, name: str) -> None:
        self.settings, self.where = settings, device.choose()
        self.task: Task = TASKS[prepared.card.task]
        device.make_deterministic()
        torch.manual_seed(seed)  # weights, dropout
        self.generator = torch.Generator().manual_seed(seed)  # order of the examples
        self.model = models.build(settings, self.task.shape(prepared.card), name).to(self.where)
        self.optimiser = optimisation.build(settings, self.model)
        self.train, self.validation = _examples(self.task, settings, prepared, fit, self.where)
        self.place: Place | None = None  # within an epoch
        self.history: list[Epoch] = []
        self.best = 0  # epoch
        self.best_weights: Weights = {}  # after it

    def run_epoch(self, epoch: int, after_step: Callable[[], None] = lambda: None) -> Epoch:
        """Train on every batch once, or on those that are left of the epoch, then read the validation rows."""
        place = self.place = self.place or Place.start(self.generator, self.where)
        self.generator.set_state(place.order)
        portions = batches.training(self.train, self.settings, self.generator)
        for batch in portions[place.done :]:
            self._set_rate(epoch, place.done, len(portions))
            summed, scored, state = step(self.task, self.model, self.optimiser, self.settings, batch, place.state)
            place.pass_batch(summed, scored, state)
            after_step()
        self._set_rate(epoch, len(portions) - 1, len(portions))
        self.place = None
        return Epoch(epoch, self.optimiser.rate, (place.total / place.count).item(), self._validation_loss())

    def _set_rate(self, epoch: int, done: int, batches: int) -> None:
        """Set the learning rate that a batch of an epoch is trained with."""
        self.optimiser.rate = optimisation.rate_at(self.settings, epoch - 1 + done / batches)

    def _validation_loss(self) -> float | None:
        if self.validation is None:
            return None
        total, count = 0.0, 0
        for batch, result in read_outputs(self.model, self.validation, self.settings):
            summed, scored = self.task.loss(self.model, result, batch)
            total, count = total + summed.item(), count + int(scored.item())
        return total / count

    def note(self, epoch: Epoch) -> None:
        """Add an epoch to the history, and keep the weights if it is the best; a refit keeps its last."""
        self.history.append(epoch)
        if not _is_finite(epoch):
            self.best, self.best_weights = 0, {}
        elif not self.best or epoch.validation_loss is None or _judged(epoch) < _judged(self.history[self.best - 1]):
            self.best, self.best_weights = epoch.epoch, self.weights()

    @property
    def ended(self) -> bool:
        """Tell whether there is no epoch to run any more."""
        done, settings = len(self.history), self.settings
        stopped = settings.patience > 0 and done - self.best >= settings.patience
        return done == settings.epochs or stopped or self.diverged

    @property
    def diverged(self) -> bool:
        """Tell whether the last epoch gave a loss that is not finite."""
        return bool(self.history) and not _is_finite(self.history[-1])

    def weights(self) -> Weights:
        """Copy the weights to the CPU."""
        return {name: value.detach().cpu().numpy().copy() for name, value in self.model.state_dict().items()}

    def snapshot(self) -> Snapshot:
        """Copy all that has changed since the start."""
        place = self.place or Place.start(self.generator, self.where)
        tensors: Tensors = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state(),
            "place": place.tensors(),
            "random": device.random_state(self.where),
        }
        arrays = gathered(tensors) | {f"best/{name}": array for name, array in self.best_weights.items()}
        facts = {"history": [astuple(epoch) for epoch in self.history], "best": self.best, "done": place.done}
        return Snapshot(arrays, facts)

    def restore(self, snapshot: Snapshot) -> None:
        """Become as the training was when the snapshot was taken."""
        tensors = scattered(snapshot.arrays)
        self.model.load_state_dict(tensors["model"])
        self.optimiser.restore(tensors["optimiser"])
        device.restore_random_state(self.where, tensors["random"])
        self.place = Place.of(snapshot.facts["done"], tensors["place"], self.where)
        self.history = [Epoch(*values) for values in snapshot.facts["history"]]
        self.best, best = snapshot.facts["best"], tensors["best"]
        self.best_weights = {name: best[name].numpy() for name in self.model.state_dict() if best}


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
    saver: Saver = FORGETFUL,
) -> Fitted:
    """Train on the training rows and keep the epoch that is best on validation, or refit to all rows.

    A state that `saver` holds is gone on from: it changes when this ends, not how.
    """
    trainer = Trainer(settings, prepared, seed, fit, name)
    if (left := saver.load()) is not None:
        trainer.restore(left)
    while not trainer.ended:
        done = trainer.run_epoch(len(trainer.history) + 1, lambda: saver.offer(trainer.snapshot))
        trainer.note(done)
        watch(done)
    saver.offer(trainer.snapshot, final=True)
    status = f"diverged at epoch {len(trainer.history)}" if trainer.diverged else "finished"
    size = models.parameters(trainer.model)
    return Fitted(status, trainer.best, size, tuple(trainer.history), trainer.best_weights)


def _judged(epoch: Epoch) -> float:
    """Return the loss by which an epoch is judged."""
    return epoch.train_loss if epoch.validation_loss is None else epoch.validation_loss


def _is_finite(epoch: Epoch) -> bool:
    return math.isfinite(epoch.train_loss) and math.isfinite(_judged(epoch))


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
