"""Evaluate all models of a data set; write metrics, tables and figures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline import files, paths, spreadsheets
from pipeline.data.prepared import DataCard
from pipeline.data.prepared.verification import read_verified
from pipeline.evaluation import about, figures, selection, significance, verification
from pipeline.evaluation.about import About, Reference
from pipeline.evaluation.figures import PlotJob
from pipeline.evaluation.references import FittedReferences, MetricsOnly
from pipeline.evaluation.results import Evaluation, EvaluationJob, Evaluations
from pipeline.evaluation.summary import summarise
from pipeline.evaluation.tables import make_tables
from pipeline.evaluation.tasks import EVALUATIONS
from pipeline.evaluation.tasks.base import TaskEvaluation
from pipeline.execution import executor
from pipeline.execution.context import Context
from pipeline.models import storage
from pipeline.models.storage import ModelDescription
from pipeline.params.schema import BASELINE

# Imported once, by the server that the workers are forked from.
PRELOAD = ("pipeline.evaluation.jobs", "matplotlib.figure", "matplotlib.backends.backend_agg")
CURVE_COLUMNS = ("model", *storage.HISTORY_COLUMNS)
SEED_COLUMNS = ("model", "split", "metric", "seed", "value")


def evaluate(dataset: str, models: Sequence[str], folder: Path) -> Evaluations:
    """Evaluate the models of a data set on its splits; write metrics, tables and figures into `folder`.

    Raises:
        DataError: if the prepared data, or what the baselines predict, are missing or damaged.
        NotTrainedError: if a model's files are missing, damaged or of an earlier version.
        ParamsError: if an environment variable names no usable device or number of workers.
    """
    prepared = read_verified(paths.prepared(dataset))
    trained = {name: storage.read_verified(paths.model(dataset, name), prepared.card) for name in models}
    task = EVALUATIONS[prepared.card.task]
    fitted = verification.read_verified(paths.baselines(dataset), prepared.card, task.predictions)
    for part in ("tables", "figures"):
        (folder / part).mkdir()
    files.write_csv(folder / "curves.csv", CURVE_COLUMNS, _curve_rows(dataset, models))
    evaluations = Evaluations((*_evaluate_models(dataset, models), *_evaluate_references(task, prepared.card, fitted)))
    strong = task.choose_baseline(evaluations)
    evaluations = evaluations.with_baseline(strong)
    of = _describe(task, _name_references(fitted, strong), evaluations, trained)
    about.write(of, folder)
    results = summarise(task, evaluations, prepared.card, task.block_size(prepared), of.leaks_target)
    files.write_json(folder / "metrics.json", results.metrics)
    files.write_csv(folder / "seeds.csv", SEED_COLUMNS, _seed_rows(evaluations))
    for name, (header, rows) in make_tables(task.tables, prepared, evaluations).items():
        spreadsheets.write_csv(folder / "tables" / name, header, rows)
    if results.comparisons:
        table = folder / "tables" / "comparisons.csv"
        spreadsheets.write_csv(table, significance.COLUMNS, significance.comparison_rows(results.comparisons))
    plots = [plot for make_figures in task.figures for plot in make_figures(dataset, folder)]
    plots += figures.curve_figures(dataset, folder, task.loss_unit)
    executor.run(draw, plots, preload=PRELOAD, here=True)  # their files are of this machine
    return evaluations


def _evaluate_models(dataset: str, models: Sequence[str]) -> list[Evaluation]:
    """Evaluate every model, each in a worker."""
    prepared = paths.prepared(dataset)
    jobs = [EvaluationJob(prepared, name, paths.model(dataset, name)) for name in models]
    reads = [prepared, *(job.folder for job in jobs)]
    return executor.run(evaluate_job, jobs, preload=PRELOAD, labels=models, reads=reads)


def _evaluate_references(task: TaskEvaluation, card: DataCard, fitted: FittedReferences) -> Iterator[Evaluation]:
    """Yield the evaluation of each baseline, and of the bound where it has metrics."""
    for name, of in fitted.by_name.items():
        metrics = {
            split: result.metrics if isinstance(result, MetricsOnly) else task.compute(result, card)
            for split, result in of.results.items()
        }
        predictions = {split: result for split, result in of.results.items() if not isinstance(result, MetricsOnly)}
        if metrics:
            yield Evaluation(name, metrics, predictions, reproducibility=fitted.reproducibility)


def _name_references(fitted: FittedReferences, strong: str) -> dict[str, Reference]:
    """Return all of them in words; the strong baseline is first, and its name is `baseline` alone."""
    words = {name: of.words for name, of in fitted.by_name.items()}
    return {BASELINE: words.pop(strong)} | words


def _describe(
    task: TaskEvaluation,
    words: Mapping[str, Reference],
    evaluations: Evaluations,
    trained: Mapping[str, ModelDescription],
) -> About:
    """Return what the results are, in words, with the metrics, references and ranking that they have."""
    measured: dict[str, dict[str, None]] = {}  # by split, in the order in which they were computed
    for evaluation in evaluations.all:
        for split, metrics in evaluation.metrics.items():
            measured.setdefault(split, {}).update(dict.fromkeys(metrics))
    known = {metric.name: metric for metric in task.metrics}
    primary = {split: task.choose_primary(split, list(of)) for split, of in measured.items()}
    leaking = tuple(name for name, of in trained.items() if task.leaks_target(of.params))
    sizes = {name: of.parameters for name, of in trained.items()}
    chosen_by = known.get(primary.get(selection.SPLIT, ""))
    return About(
        goal=task.goal,
        primary_metrics=primary,
        ranking=selection.rank_models(evaluations, chosen_by, sizes, leaking) if chosen_by else (),
        metrics={name: known[name] for of in measured.values() for name in of},
        difference=task.compared.difference,
        references={name: of for name, of in words.items() if name in evaluations.names},
        table_headings={Path(table.file).stem: table.heading for table in task.tables if table.heading},
        leaks_target=leaking,
        leak=task.leak,
        reproducibility=evaluations.reproducibility,
    )


def draw(plot: PlotJob, context: Context) -> None:
    """Draw a figure into its file, in a worker."""
    plot()


def evaluate_job(job: EvaluationJob, context: Context) -> Evaluation:
    """Evaluate one model, in a worker."""
    from pipeline.evaluation import jobs  # late: it imports torch, which only the workers need

    return jobs.evaluate_job(replace(job, prepared=context.folder(job.prepared), folder=context.folder(job.folder)))


def _seed_rows(evaluations: Evaluations) -> list[tuple[object, ...]]:
    """Return the value of each metric of each seed's network alone, in SEED_COLUMNS."""
    return [
        (evaluation.model, split, metric, seed, value)
        for evaluation in evaluations.all
        for split, metrics in evaluation.metrics.items()
        for metric in metrics
        for seed, of in evaluation.seeds.items()
        if (value := of.get(split, {}).get(metric)) is not None
    ]


def _curve_rows(dataset: str, models: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the histories of all models, one after the other."""
    return [(name, *row.values()) for name in models for row in storage.read_history(paths.model(dataset, name))]
