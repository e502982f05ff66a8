"""Judge all models of a data set and write what a reader wants to see of them."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pipeline import artifacts, comparisons, engine, figures, model_folder, paths, statistics, together
from pipeline.baselines.descriptions import BASELINES
from pipeline.datasets import prepared as data
from pipeline.datasets.prepared import Card
from pipeline.engine import Tell
from pipeline.figures import Drawing
from pipeline.judgement import Judgement, Judgements, Question
from pipeline.references import LIMIT
from pipeline.settings.datasets import Task
from pipeline.settings.fitting import reads_its_target
from pipeline.tables import tables

LOSS_UNITS = {
    "next-symbol": "cross-entropy (nats a symbol)",
    "classify": "cross-entropy (nats a row)",
    "regress": "squared error (scaled)",
    "forecast": "squared error (scaled)",
}
Piece = Callable[[], Any]

# Imported once, not by each worker.
PRELOAD = ("pipeline.judging", "matplotlib.figure", "matplotlib.backends.backend_agg")
CURVE_COLUMNS = ("model", *model_folder.HISTORY_COLUMNS)


def evaluate(dataset: str, models: Sequence[str], seeds: Sequence[int], folder: Path) -> Judgements:
    """Judge the models of a data set on its splits; write metrics, tables and figures into `folder`."""
    prepared = data.read_whole(paths.prepared(dataset))
    for part in ("tables", "figures"):
        (folder / part).mkdir()
    artifacts.write_csv(folder / "curves.csv", CURVE_COLUMNS, _curves(dataset, models))
    curves = figures.of_training(dataset, folder, LOSS_UNITS[prepared.card.task])
    judgements = _judged(dataset, prepared.card, models, seeds, curves)
    artifacts.write_json(folder / "metrics.json", summary(judgements, prepared.card))
    artifacts.write_csv(folder / "seeds.csv", ("model", "split", "metric", "seed", "value"), _values(judgements))
    for name, (header, rows) in tables(prepared, judgements).items():
        artifacts.write_csv(folder / "tables" / name, header, rows)
    excluded = _meaningless(dataset, models, prepared.card.task)
    for name, compare in (("comparisons", comparisons.comparisons), ("together", comparisons.together_with_baseline)):
        if pairs := compare(prepared.card, judgements, excluded):
            artifacts.write_csv(folder / "tables" / f"{name}.csv", comparisons.COLUMNS, comparisons.rows(pairs))
    if judgements.caveat:  # only then, so that portable results keep their bytes
        artifacts.write_csv(folder / "tables" / "numerics.csv", ("numerics",), [(judgements.caveat,)])
    if drawings := figures.of_answers(dataset, folder):
        engine.run(do, drawings, preload=PRELOAD)
    return judgements


def _judged(
    dataset: str, card: Card, models: Sequence[str], seeds: Sequence[int], drawings: Sequence[Drawing]
) -> Judgements:
    """Judge every network, and the baselines and the limit that stand beside them; draw what needs no judgement."""
    where = paths.prepared(dataset)
    references = [Question(where, name, 0, None) for name in (*BASELINES[card.format], LIMIT)]
    networks = [Question(where, name, seed, paths.model(dataset, name)) for name in models for seed in seeds]
    of_references, of_networks = ([partial(judge, each) for each in asked] for asked in (references, networks))
    pieces: list[Piece] = [*of_references, *drawings, *of_networks]  # what takes longest, first
    found = engine.run(do, pieces, preload=PRELOAD)
    known = (each for each in found[: len(references)] if each.metrics or each.model != LIMIT)
    return Judgements((*found[len(references) + len(drawings) :], *known))


def _meaningless(dataset: str, models: Sequence[str], task: Task) -> list[str]:
    """Return the models that read what they are asked to predict."""
    return [name for name in models if reads_its_target(model_folder.read_settings(paths.model(dataset, name)), task)]


def do(piece: Piece, tell: Tell) -> Any:
    """Do a piece of work, in a worker."""
    return piece()


def judge(question: Question) -> Judgement:
    """Judge one network, baseline or limit, in a worker."""
    from pipeline import judging  # late: it imports torch, which only the workers need

    return judging.judge(question)


def summary(judgements: Judgements, card: Card) -> dict[str, Any]:
    """Return each metric's mean and interval over seeds, and that of all seeds together, by model and split."""
    return {
        model: {split: _of_split(judgements, card, model, split) for split in judgements.metrics(model)}
        for model in judgements.models
    }


def _of_split(judgements: Judgements, card: Card, model: str, split: str) -> dict[str, Any]:
    joint = together.metrics(card, judgements, model, split)
    return {
        metric: statistics.metric_interval(list(values.values()), metric)
        | ({"together": joint[metric]} if metric in joint else {})
        for metric, values in judgements.metrics(model)[split].items()
    }


def _values(judgements: Judgements) -> list[tuple[object, ...]]:
    """Return a row a value: model, split, metric, seed, value."""
    return [
        (model, split, metric, seed, value)
        for model in judgements.models
        for split, metrics in judgements.metrics(model).items()
        for metric, values in metrics.items()
        for seed, value in values.items()
    ]


def _curves(dataset: str, models: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the histories of all models, one under the other."""
    return [
        (name, *row.values())
        for name in models
        for row in artifacts.read_csv(paths.model(dataset, name) / "history.csv")
    ]
