"""Evaluate all models of a data set; write metrics, tables and figures."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pipeline import files, paths
from pipeline.data import prepared as data
from pipeline.data.prepared import DataCard
from pipeline.evaluation import figures, intervals, significance
from pipeline.evaluation.ensemble import ensemble_metrics
from pipeline.evaluation.figures import PlotJob
from pipeline.evaluation.results import Evaluation, EvaluationJob, Evaluations
from pipeline.evaluation.tables import make_tables
from pipeline.evaluation.tasks import find_format, find_task
from pipeline.execution import executor
from pipeline.execution.executor import Report
from pipeline.models import storage
from pipeline.params.compatibility import leaks_target
from pipeline.params.schema import BOUND, Task

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
    prepared = data.read_verified(paths.prepared(dataset))
    task = find_task(prepared.card)
    for part in ("tables", "figures"):
        (folder / part).mkdir()
    files.write_csv(folder / "curves.csv", CURVE_COLUMNS, _curve_rows(dataset, models))
    curves = figures.curve_figures(dataset, folder, task.loss_unit)
    evaluations = _evaluate_all(dataset, prepared.card, models, curves)
    files.write_json(folder / "metrics.json", summarise(evaluations, prepared.card))
    files.write_csv(folder / "seeds.csv", SEED_COLUMNS, _seed_rows(evaluations))
    for name, (header, rows) in make_tables(task.tables, prepared, evaluations).items():
        files.write_csv(folder / "tables" / name, header, rows)
    _write_comparisons(folder / "tables", prepared.card, evaluations, _leaking(dataset, models, prepared.card.task))
    level = evaluations.reproducibility
    files.write_csv(folder / "tables" / "reproducibility.csv", ("reproducibility",), [(level,)])
    if plots := [plot for make_figures in task.figures for plot in make_figures(dataset, folder)]:
        executor.run(run_job, plots, preload=PRELOAD)
    return evaluations


def _evaluate_all(dataset: str, card: DataCard, models: Sequence[str], plots: Sequence[PlotJob]) -> Evaluations:
    """Evaluate every network, the baselines and the bound; the plots, which need no results, are made beside that."""
    prepared = paths.prepared(dataset)
    references = [EvaluationJob(prepared, name, 0, None) for name in (*find_format(card).fits, BOUND)]
    folders = {name: paths.model(dataset, name) for name in models}
    networks = [
        EvaluationJob(prepared, name, seed, folder)
        for name, folder in folders.items()
        for seed in storage.read_seeds(folder)
    ]
    reference_jobs, network_jobs = ([partial(evaluate_job, job) for job in jobs] for jobs in (references, networks))
    jobs: list[Job] = [*reference_jobs, *plots, *network_jobs]  # the longest first
    results = executor.run(run_job, jobs, preload=PRELOAD)
    # Where no bound can be computed it has no metrics, and is left out.
    of_references = (result for result in results[: len(references)] if result.metrics or result.model != BOUND)
    return Evaluations((*results[len(references) + len(plots) :], *of_references))


def _leaking(dataset: str, models: Sequence[str], task: Task) -> list[str]:
    """Return the models whose input contains their target."""
    return [name for name in models if leaks_target(storage.read_params(paths.model(dataset, name)), task)]


def _write_comparisons(folder: Path, card: DataCard, evaluations: Evaluations, excluded: Sequence[str]) -> None:
    """Write a table of the pairs of models, and one of the ensembles; each only if something is compared."""
    for name, compare in COMPARISON_TABLES:
        if comparisons := compare(card, evaluations, excluded):
            rows = significance.comparison_rows(comparisons)
            files.write_csv(folder / f"{name}.csv", significance.COLUMNS, rows)


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
    ensemble = ensemble_metrics(card, evaluations, model, split)
    return {
        metric: intervals.metric_interval(list(values.values()), metric)
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
