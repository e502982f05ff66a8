"""Train a model from all its seeds, side by side, into its folder."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.data import prepared as data
from pipeline.data.prepared import ALL_ROWS, TRAIN, DataCard
from pipeline.data.prepared.verification import read_verified
from pipeline.determinism import choose_device, describe_device, reproducibility, training_clock
from pipeline.execution import executor
from pipeline.execution.context import Context
from pipeline.execution.progress import PartialProgress, PartialReports, Progress, ProgressDisplay
from pipeline.models import storage
from pipeline.models.samples import TrainingSample
from pipeline.models.storage import Epoch, Outcome, Weights
from pipeline.params.models import ModelParams
from pipeline.params.wording import format_text
from pipeline.training import checkpoint, spool
from pipeline.training.checkpoint import Saver
from pipeline.training.spool import Spool

PRELOAD = ("pipeline.training.loop",)  # imported once, not by each worker


@dataclass(frozen=True)
class TrainingJob:
    """One network to train: a model, a seed, and a fit."""

    model: str
    params: ModelParams
    prepared: Path
    seed: int
    fit: str
    checkpoint: Path | None  # where a resumable training keeps its state


@dataclass(frozen=True)
class EpochProgress(Progress):
    """A job's report that it has finished an epoch."""

    epoch: Epoch


def train(
    name: str,
    params: ModelParams,
    prepared: Path,
    folder: Path,
    resumable: bool = True,
    log: Spool = spool.write_nothing,
) -> list[Outcome]:
    """Train a model from each of its seeds; write its weights and records into `folder`.

    A resumable training resumes from the checkpoints that a killed run left; the caller deletes them when the folder
    is in its place. Each epoch goes to `log`, for whoever follows the training.
    """
    card = read_verified(prepared).card
    jobs = [
        TrainingJob(name, params, prepared, seed, fit, checkpoint.path(name, seed, fit) if resumable else None)
        for fit in fits(card)
        for seed in params.seeds
    ]
    labels = [f"seed {job.seed}" + (" (all rows)" if job.fit == ALL_ROWS else "") for job in jobs]
    with ProgressDisplay(name, labels, params.epochs, "epoch") as progress:

        def show(index: int, message: Progress | PartialProgress | str) -> None:
            if isinstance(message, EpochProgress):
                log(spool.EPOCH, **spool.describe_epoch(jobs[index].seed, jobs[index].fit, message.epoch))
            progress.show(index, message)

        trained = executor.run(
            run_job,
            jobs,
            show,
            preload=PRELOAD,
            labels=[f"{name} {label}" for label in labels],
            reads=[prepared],
            keeps=[job.checkpoint for job in jobs],
        )
    return write_model(name, params, card, folder, trained)


def write_model(
    name: str, params: ModelParams, card: DataCard, folder: Path, trained: Sequence[tuple[Outcome, Weights]]
) -> list[Outcome]:
    """Write what `run_job` returned for each network of a model into the model's folder; return how they ended."""
    for outcome, weights in trained:
        if weights:
            storage.write_weights(storage.weights_file(folder, outcome.seed, outcome.fit), weights)
    outcomes = [outcome for outcome, _ in trained]
    storage.write_records(folder, name, params, card, outcomes)
    return outcomes


def fits(card: DataCard) -> tuple[str, ...]:
    """Return the fits that a data set asks for: on its training rows, on all its rows, or both."""
    return ((TRAIN,) if "test" in card.rows else ()) + ((ALL_ROWS,) if card.refit else ())


def run_job(job: TrainingJob, context: Context) -> tuple[Outcome, Weights]:
    """Train one network, in a worker; return how that ended, and its weights, which its own machine need not keep."""
    from pipeline.training import loop  # late: it imports torch, which only the workers need

    clock, begun = training_clock(), time.time()
    started, prepared = clock(), data.read(context.folder(job.prepared))
    device = describe_device()
    saver = _saver(job, prepared.card, device, clock, context)
    trained = loop.train_network(
        job.params,
        prepared,
        job.seed,
        job.fit,
        on_epoch=lambda done: _report_epoch(done.epoch, done.guess, done.samples, context.report),
        name=job.model,
        saver=saver,
        on_step=PartialReports(context),
    )
    outcome = Outcome(
        seed=job.seed,
        fit=job.fit,
        status=trained.status,
        best_epoch=trained.best_epoch,
        parameters=trained.parameters,
        epochs=trained.history,
        samples=trained.samples,
        reproducibility=reproducibility(choose_device().type),
        seconds=saver.spent + clock() - started,
        started=begun,
        ended=time.time(),
        device=device,
    )
    return outcome, trained.weights


def _report_epoch(epoch: Epoch, guess: str, samples: Sequence[TrainingSample], report: Callable[[Any], None]) -> None:
    """Report an epoch, and each text that the network wrote after it as a line."""
    report(_progress(epoch, guess))
    for sample in samples:
        report(f"epoch {sample.epoch}: {format_text(sample.prefix)} | {format_text(sample.text)}")


def _progress(epoch: Epoch, guess: str) -> EpochProgress:
    validation = "" if epoch.validation_loss is None else f", validation {epoch.validation_loss:.4f}"
    details = f"loss {epoch.train_loss:.4f}{validation}, learning rate {epoch.learning_rate:.2g}"
    return EpochProgress(epoch.epoch, f"{details}, {guess}" if guess else details, epoch)


def _saver(job: TrainingJob, card: DataCard, device: str, clock: Callable[[], float], context: Context) -> Saver:
    """Return what keeps the state of a training, under the key of everything that decides its bytes."""
    if job.checkpoint is None:
        return checkpoint.NO_SAVER
    params = job.params.model_dump_json(exclude={"seeds"})  # the other seeds do not change this network
    key = checkpoint.make_key(params, job.seed, job.fit, card.model_dump_json(), device)
    return checkpoint.FileSaver(context.file(job.checkpoint), key, context.report, clock)
