"""Train all seeds of a model side by side, into its folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import checkpoints, engine, model_folder, numerics
from pipeline.checkpoints import Saver
from pipeline.datasets import prepared as data
from pipeline.datasets.prepared import Card
from pipeline.engine import Tell
from pipeline.history import HELD_OUT, REFIT, Outcome
from pipeline.progress import TrainingProgress
from pipeline.settings.models import ModelSettings

PRELOAD = ("pipeline.training",)  # imported once, not by each worker


@dataclass(frozen=True)
class Cell:
    """One network to train: a model, a seed, and the rows that it is fitted to."""

    model: str
    settings: ModelSettings
    prepared: Path
    seed: int
    fit: str
    folder: Path  # where its weights go
    resumable: bool = True  # keeps checkpoints, and goes on from them


def train(
    name: str, settings: ModelSettings, seeds: Sequence[int], prepared: Path, folder: Path, resumable: bool = True
) -> list[Outcome]:
    """Train a model from each seed; write weights, model.json and history.csv into `folder`.

    If it is resumable, it goes on from the checkpoints that a killed run left; who calls this clears them when the
    folder is in its place.
    """
    card = data.read_whole(prepared).card
    cells = [Cell(name, settings, prepared, seed, fit, folder, resumable) for fit in fits_of(card) for seed in seeds]
    labels = [f"seed {cell.seed}" + (f" ({REFIT})" if cell.fit == REFIT else "") for cell in cells]
    with TrainingProgress(name, labels, settings.epochs) as progress:
        outcomes = engine.run(train_cell, cells, progress.show, preload=PRELOAD)
    model_folder.write_records(folder, name, settings, card, outcomes)
    return outcomes


def fits_of(card: Card) -> tuple[str, ...]:
    """Return the fits that a data set wants: to its training rows, to all its rows, or both."""
    held_out = (HELD_OUT,) if "test" in card.rows else ()
    return held_out + ((REFIT,) if card.refit else ())


def train_cell(cell: Cell, tell: Tell) -> Outcome:
    """Train one network, in a worker, and write its weights."""
    from pipeline import device, training  # late: they import torch, which only the workers need

    clock = device.clock()
    started, prepared = clock(), data.read(cell.prepared)
    saver = _saver(cell, prepared.card, device.description(), clock, tell)
    fitted = training.fit(cell.settings, prepared, cell.seed, cell.fit, tell, cell.model, saver)
    if fitted.weights:
        model_folder.write_weights(model_folder.weights_file(cell.folder, cell.seed, cell.fit), fitted.weights)
    of = (fitted.status, fitted.best_epoch, fitted.parameters, fitted.history)
    seconds = saver.spent + clock() - started
    return Outcome(cell.seed, cell.fit, *of, seconds, numerics.caveat(device.choose().type))


def _saver(cell: Cell, card: Card, device: str, clock: Callable[[], float], tell: Tell) -> Saver:
    """Return what keeps the state of a training, under the key of all that decides its bytes."""
    if not cell.resumable:
        return checkpoints.Forgetful()
    key = checkpoints.key(cell.settings.model_dump_json(), cell.seed, cell.fit, card.model_dump_json(), device)
    return checkpoints.FileSaver(checkpoints.file(cell.model, cell.seed, cell.fit), key, tell, clock)
