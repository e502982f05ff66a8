"""Evaluate all models of a data set; write metrics, tables and figures."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pipeline import files, paths, spreadsheets
from pipeline.data.prepared import DataCard
from pipeline.data.prepared.verification import read_verified
from pipeline.evaluation import about, figures, intervals, significance
from pipeline.evaluation.about import About, Reference
from pipeline.evaluation.ensemble import ensemble_metrics
from pipeline.evaluation.figures import PlotJob
from pipeline.evaluation.results import Evaluation, EvaluationJob, Evaluations
from pipeline.evaluation.tables import make_tables
from pipeline.evaluation.tasks import EVALUATIONS
from pipeline.evaluation.tasks.base import References, TaskEvaluation
from pipeline.execution import executor
from pipeline.execution.executor import Report
from pipeline.models import storage
from pipeline.params.models import ModelParams

Job = Callable[[], Any]

# Imported once, by the server that the workers are forked from.
PRELOAD = ("pipeline.evaluation.jobs", "matplotlib.figure", "matplotlib.backends.backend_agg")
CURVE_COLUMNS = ("model", *storage.HISTORY_COLUMNS)
SEED_COLUMNS = ("model", "split", "metric", "seed", "value")
COMPARISON_TABLES = (("comparisons", significance.compare_models), ("ensemble", significance.compare_ensembles))


def evaluate(dataset: str, models: Sequence[str], folder: Path) -> Evaluations:
    """Evaluate the models of a data set on its splits; write metrics, tables and figures into `folder`.

    Raises:
        DataError: if the prepared data are missing or damaged.
        NotTrainedError: if a model's files are missing, damaged or of an earlier version.
        ParamsError: if an environment variable names no usable device or number of workers.
    """
    prepared = read_verified(paths.prepared(dataset))
    params = {name: storage.read_verified(paths.model(dataset, name), prepared.card).params for name in models}
    task = EVALUATIONS[prepared.card.task]
    references = task.references(prepared)
    for part in ("tables", "figures"):
        (folder / part).mkdir()
    files.write_csv(folder / "curves.csv", CURVE_COLUMNS, _curve_rows(dataset, models))
    curves = figures.curve_figures(dataset, folder, task.loss_unit)
    evaluations = _evaluate_all(dataset, references, params, curves)
    strong = task.choose_baseline(evaluations)
    evaluations = evaluations.with_baseline(strong)
    leaking = [name for name in models if task.leaks_target(params[name])]
    about.write(_describe(task, references.describe(strong), evaluations, leaking), folder)
    files.write_json(folder / "metrics.json", summarise(evaluations, prepared.card))
    files.write_csv(folder / "seeds.csv", SEED_COLUMNS, _seed_rows(evaluations))
    for name, (header, rows) in make_tables(task.tables, prepared, evaluations).items():
        spreadsheets.write_csv(folder / "tables" / name, header, rows)
    block_size = prepared.card.season or references.block_size
    for name, compare in COMPARISON_TABLES:
        if comparisons := compare(prepared.card, evaluations, block_size, leaking):
            table = folder / "tables" / f"{name}.csv"
            spreadsheets.write_csv(table, significance.COLUMNS, significance.comparison_rows(comparisons))
    if plots := [plot for make_figures in task.figures for plot in make_figures(dataset, folder)]:
        executor.run(run_job, plots, preload=PRELOAD)
    return evaluations


def _evaluate_all(
    dataset: str, references: References, models: Mapping[str, ModelParams], plots: Sequence[PlotJob]
) -> Evaluations:
    """Evaluate every network, the baselines and the bound; the plots, which need no results, are made beside that."""
    prepared = paths.prepared(dataset)
    window = max((params.window or 0 for params in models.values()), default=0)
    references_first = [EvaluationJob(prepared, name, 0, None, window or None) for name in references.names]
    networks = [
        EvaluationJob(prepared, name, seed, paths.model(dataset, name))
        for name, params in models.items()
        for seed in params.seeds
    ]
    reference_jobs, network_jobs = (
        [partial(evaluate_job, job) for job in jobs] for jobs in (references_first, networks)
    )
    jobs: list[Job] = [*reference_jobs, *plots, *network_jobs]  # the longest first
    results = executor.run(run_job, jobs, preload=PRELOAD)
    of_references = (result for result in results[: len(reference_jobs)] if result.metrics)  # a bound may have none
    return Evaluations((*results[len(reference_jobs) + len(plots) :], *of_references))


def _describe(
    task: TaskEvaluation, references: Mapping[str, Reference], evaluations: Evaluations, leaking: list[str]
) -> About:
    """Return what the results are, in words, with the metrics and references that they have."""
    measured: dict[str, dict[str, None]] = {}  # by split, in the order in which they were computed
    for name in evaluations.names:
        for split, metrics in evaluations.metrics(name).items():
            measured.setdefault(split, {}).update(dict.fromkeys(metrics))
    known = {metric.name: metric for metric in task.metrics}
    return About(
        goal=task.goal,
        primary_metrics={split: task.choose_primary(split, list(of)) for split, of in measured.items()},
        metrics={name: known[name] for of in measured.values() for name in of},
        difference=task.compared.difference,
        references={name: of for name, of in references.items() if name in evaluations.names},
        table_headings={Path(table.file).stem: table.heading for table in task.tables if table.heading},
        leaks_target=tuple(leaking),
        leak=task.leak,
        reproducibility=evaluations.reproducibility,
    )


def run_job(job: Job, report: Report) -> Any:
    """Do a job, in a worker."""
    return job()


def evaluate_job(job: EvaluationJob) -> Evaluation:
    """Evaluate one network, baseline or bound, in a worker."""
    from pipeline.evaluation import jobs  # late: it imports torch, which only the workers need

    return jobs.evaluate_job(job)


def summarise(evaluations: Evaluations, card: DataCard) -> dict[str, Any]:
    """Return metrics by model, split and metric: `mean`, `low` and `high` over seeds, and the `ensemble`'s value."""
    return {
        model: {split: _summarise_split(evaluations, card, model, split) for split in evaluations.metrics(model)}
        for model in evaluations.names
    }


def _summarise_split(evaluations: Evaluations, card: DataCard, model: str, split: str) -> dict[str, Any]:
    ensemble, known = ensemble_metrics(card, evaluations, model, split), EVALUATIONS[card.task].metrics
    highest = {metric.name: metric.at_most for metric in known if metric.at_most is not None}
    return {
        metric: intervals.interval(list(values.values()), 0.0, highest.get(metric, math.inf))
        | ({"ensemble": ensemble[metric]} if metric in ensemble else {})
        for metric, values in evaluations.metrics(model)[split].items()
    }


def _seed_rows(evaluations: Evaluations) -> list[tuple[object, ...]]:
    """Return the value of each metric of each seed, in SEED_COLUMNS."""
    return [
        (model, split, metric, seed, value)
        for model in evaluations.names
        for split, metrics in evaluations.metrics(model).items()
        for metric, values in metrics.items()
        for seed, value in values.items()
    ]


def _curve_rows(dataset: str, models: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the histories of all models, one after the other."""
    return [(name, *row.values()) for name in models for row in storage.read_history(paths.model(dataset, name))]
