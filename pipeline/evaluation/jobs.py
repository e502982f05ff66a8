"""Evaluate one model, baseline or bound on the splits of its data set; runs in a worker."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipeline.data import prepared as data
from pipeline.data.prepared import ALL_ROWS, TRAIN, Prepared, join_splits
from pipeline.determinism import choose_device, reproducibility
from pipeline.evaluation.baselines.base import FitData
from pipeline.evaluation.results import Evaluation, EvaluationJob, MetricsOnly, Sample, SplitResult
from pipeline.evaluation.tasks import EVALUATIONS
from pipeline.files import Arrays
from pipeline.models import storage
from pipeline.models.network import Ensemble, SequenceModel, load_networks
from pipeline.params.schema import BOUND
from pipeline.tasks import TASKS


class Split(NamedTuple):
    """A split to evaluate: the fit that is evaluated on it, the arrays before it in time, and its own."""

    fit: str
    before: Arrays | None
    arrays: Arrays


def evaluate_job(job: EvaluationJob) -> Evaluation:
    """Evaluate the fit to the training rows on the validation and test splits, and the fit to all rows on these.

    Raises:
        DataError: if the prepared data are missing or damaged.
        NotTrainedError: if the model's files are missing, damaged or of an earlier version.
        ParamsError: if a split is too short for the model, or PIPELINE_DEVICE names no usable device.
    """
    prepared = data.read(job.prepared)
    if job.folder is not None:
        return _evaluate_model(prepared, job.model, job.folder)
    results = _compute_bound(prepared) if job.model == BOUND else _evaluate_baseline(prepared, job)
    predictions = {split: result for split, result in results.items() if not isinstance(result, MetricsOnly)}
    metrics = {
        split: result.metrics
        if isinstance(result, MetricsOnly)
        else EVALUATIONS[prepared.card.task].compute(result, prepared.card)
        for split, result in results.items()
    }
    return Evaluation(job.model, metrics, predictions, reproducibility=reproducibility("cpu"))


def _evaluate_model(prepared: Prepared, name: str, folder: Path) -> Evaluation:
    """Evaluate each network of a model, and their ensemble, which has its predictions and its samples."""
    card, params = prepared.card, storage.read_description(folder).params
    task, compute = TASKS[card.task], EVALUATIONS[card.task].compute
    shape = task.shape(prepared)

    @cache
    def load(fit: str) -> dict[int, SequenceModel]:
        return load_networks(params, shape, folder, params.seeds, fit)

    metrics, predictions = {}, {}
    seeds: dict[int, dict[str, dict[str, float]]] = {seed: {} for seed in params.seeds}
    for split, of in _splits(prepared).items():
        networks = load(of.fit)
        if not networks:
            continue  # every seed diverged
        examples = task.examples(of.arrays, of.before, params, choose_device())
        by_seed = {seed: task.predict(network, examples, params) for seed, network in networks.items()}
        for seed, found in by_seed.items():
            seeds[seed][split] = compute(found, card)
        alone = len(networks) == 1
        answers = by_seed.popitem()[1] if alone else task.predict(_join(networks), examples, params)
        metrics[split], predictions[split] = compute(answers, card), answers
    samples = _samples(prepared, lambda fit: _join(networks) if (networks := load(fit)) else None)
    return Evaluation(name, metrics, predictions, seeds, samples, reproducibility(choose_device().type))


def _join(networks: Mapping[int, SequenceModel]) -> Ensemble:
    """Return the ensemble of a model's networks, which is what `pipeline.load` answers with."""
    return Ensemble(list(networks.values())).eval()


def _samples(prepared: Prepared, load: Callable[[str], SequenceModel | None]) -> tuple[Sample, ...]:
    """Return the texts that a model generates, if its task is to write text."""
    generate = EVALUATIONS[prepared.card.task].generate
    return () if generate is None else tuple(generate(prepared, load))


def _splits(prepared: Prepared) -> dict[str, Split]:
    """Return the splits to evaluate, by name."""
    arrays = prepared.splits
    splits: dict[str, Split] = {}
    if "test" in arrays:
        before_test = {split: arrays[split] for split in ("train", "validation")}
        splits["validation"] = Split(TRAIN, arrays["train"], arrays["validation"])
        # Both, as a model may read further back than the validation split is long.
        splits["test"] = Split(TRAIN, join_splits(before_test), arrays["test"])
    if prepared.card.refit:
        splits[ALL_ROWS] = Split(ALL_ROWS, None, join_splits(arrays))
    return splits


def _evaluate_baseline(prepared: Prepared, job: EvaluationJob) -> dict[str, SplitResult]:
    """Fit a baseline once to the training rows, and where the models have such a fit once to all rows."""
    arrays, splits = prepared.splits, _splits(prepared)
    fit_baseline = EVALUATIONS[prepared.card.task].references(prepared).baselines[job.model].fit
    rows_of_fits = {split.fit: arrays["train"] if split.fit == TRAIN else split.arrays for split in splits.values()}
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
