"""Evaluate one network, baseline or bound on the splits of its data set; runs in a worker."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.data import prepared as data
from pipeline.data.prepared import Prepared
from pipeline.determinism import Reproducibility, choose_device, reproducibility
from pipeline.evaluation.baselines.base import FitData
from pipeline.evaluation.results import Evaluation, EvaluationJob, MetricsOnly, Sample, SplitResult
from pipeline.evaluation.tasks import EVALUATIONS
from pipeline.files import Arrays
from pipeline.models import storage
from pipeline.models.network import SequenceModel, load_network
from pipeline.models.storage import HELD_OUT, REFIT
from pipeline.params.schema import BOUND
from pipeline.tasks import TASKS
from pipeline.tasks.examples import join_splits


class Split(NamedTuple):
    """A split to evaluate: the fit that is evaluated on it, the arrays before it in time, and its own."""

    fit: str
    before: Arrays | None
    arrays: Arrays


def evaluate_job(job: EvaluationJob) -> Evaluation:
    """Evaluate the held-out fit on the validation and test splits, and the refit on all rows.

    Raises:
        DataError: if the prepared data are missing or damaged.
        NotTrainedError: if the model's files are missing, damaged or of an earlier version.
        ParamsError: if a split is too short for the model, or PIPELINE_DEVICE names no usable device.
    """
    prepared = data.read(job.prepared)
    task = EVALUATIONS[prepared.card.task]
    results = _evaluate_splits(prepared, job)
    metrics = {
        split: result.metrics if isinstance(result, MetricsOnly) else task.compute(result, prepared.card)
        for split, result in results.items()
    }
    predictions = {split: result for split, result in results.items() if not isinstance(result, MetricsOnly)}
    return Evaluation(job.model, job.seed, metrics, predictions, _samples(prepared, job), _reproducibility(job))


def _samples(prepared: Prepared, job: EvaluationJob) -> tuple[Sample, ...]:
    """Return the texts that a network generates, if its task is to write text."""
    generate, folder = EVALUATIONS[prepared.card.task].generate, job.folder
    if generate is None or folder is None:
        return ()
    return tuple(generate(prepared, lambda fit: _load(prepared, folder, job.seed, fit), job.seed))


def _reproducibility(job: EvaluationJob) -> Reproducibility:
    """Return how far the results can be reproduced; baselines and the bound are computed on the CPU."""
    return reproducibility(choose_device().type if job.folder is not None else "cpu")


def _evaluate_splits(prepared: Prepared, job: EvaluationJob) -> Mapping[str, SplitResult]:
    if job.folder is not None:
        return _evaluate_network(prepared, job.folder, job.seed)
    return _compute_bound(prepared) if job.model == BOUND else _evaluate_baseline(prepared, job)


def _splits(prepared: Prepared) -> dict[str, Split]:
    """Return the splits to evaluate, by name."""
    arrays = prepared.splits
    splits: dict[str, Split] = {}
    if prepared.card.refit:
        splits["all_rows"] = Split(REFIT, None, join_splits(arrays))
    if "test" in arrays:
        before_test = {split: arrays[split] for split in ("train", "validation")}
        splits["validation"] = Split(HELD_OUT, arrays["train"], arrays["validation"])
        # Both, as a model may read further back than the validation split is long.
        splits["test"] = Split(HELD_OUT, join_splits(before_test), arrays["test"])
    return splits


def _evaluate_network(prepared: Prepared, folder: Path, seed: int) -> dict[str, SplitResult]:
    """Return the predictions of a network on each split; none where its fit diverged."""
    task, params, device = TASKS[prepared.card.task], storage.read_description(folder).params, choose_device()
    results: dict[str, SplitResult] = {}
    for name, split in _splits(prepared).items():
        model = _load(prepared, folder, seed, split.fit)
        if model is not None:
            examples = task.examples(split.arrays, split.before, params, device)
            results[name] = task.predict(model, examples, params)
    return results


def _evaluate_baseline(prepared: Prepared, job: EvaluationJob) -> dict[str, SplitResult]:
    """Fit a baseline once to the training rows, and where there is a refit once to all rows."""
    arrays, splits = prepared.splits, _splits(prepared)
    fit_baseline = EVALUATIONS[prepared.card.task].references(prepared).baselines[job.model].fit
    rows_of_fits = {split.fit: arrays["train"] if split.fit == HELD_OUT else split.arrays for split in splits.values()}
    predict = {
        fit: fit_baseline(FitData(prepared.card, rows, arrays["train"], arrays.get("validation"), job.window))
        for fit, rows in rows_of_fits.items()
    }
    return {name: predict[split.fit](split.before, split.arrays) for name, split in splits.items()}


def _compute_bound(prepared: Prepared) -> dict[str, SplitResult]:
    """Return the bound of each split on which there is one."""
    bound = EVALUATIONS[prepared.card.task].references(prepared).bound
    if bound is None:
        return {}
    metrics = {name: bound.compute(split.fit, split.arrays) for name, split in _splits(prepared).items()}
    return {name: MetricsOnly(values) for name, values in metrics.items() if values}


def _load(prepared: Prepared, folder: Path, seed: int, fit: str) -> SequenceModel | None:
    """Return a trained network, or None if it diverged."""
    shape = TASKS[prepared.card.task].shape(prepared.card)
    return load_network(storage.read_description(folder).params, shape, folder, seed, fit)
