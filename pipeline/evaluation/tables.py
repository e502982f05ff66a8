"""The tables of predictions and samples that each task has."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.data.prepared import Prepared
from pipeline.evaluation import intervals, metrics
from pipeline.evaluation.results import Evaluations

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions

MakeRows = Callable[[Prepared, Evaluations], Iterator[Sequence[object]]]
Table = tuple[Sequence[str], list[Sequence[object]]]
PROBES = 9  # rows of a regression that its table lists


def make_tables(prepared: Prepared, evaluations: Evaluations) -> dict[str, Table]:
    """Return the header and rows of each table by file name; a table without rows is left out."""
    tables: dict[str, Table] = {}
    for name, columns, rows in TABLES[prepared.card.task]:
        header = (*columns, *evaluations.baselines, *evaluations.models) if rows is forecast else columns
        tables[name] = header, list(rows(prepared, evaluations))
    return {name: table for name, table in tables.items() if table[1]}


def words(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield each word, the letters that the refit of a model's first seed predicts, and their accuracy over seeds."""
    for model in evaluations.models:
        seeds = list(evaluations.predictions(model, "all_rows").values())
        if prepared.vocabulary is None or not seeds or "row" not in seeds[0]:
            continue
        first = seeds[0]
        correct = np.mean([predictions["best"] == predictions["truth"] for predictions in seeds], axis=0)
        for row in np.unique(first["row"]):
            items = first["row"] == row
            rest, output = (prepared.vocabulary.decode(first[name][items].tolist()) for name in ("truth", "best"))
            initial = prepared.vocabulary.decode([_first_symbol(prepared, int(row))])
            yield model, initial + rest, output, round(float(correct[items].mean()), 6)


def _first_symbol(prepared: Prepared, row: int) -> int:
    """Return the first symbol of a row, counted over all splits."""
    for arrays in prepared.splits.values():
        if row < len(arrays["symbols"]):
            return int(arrays["symbols"][row, 0])
        row -= len(arrays["symbols"])
    raise IndexError(row)


def samples(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield the texts that each model generated, from the first seed that did not diverge."""
    done = set()
    for evaluation in evaluations.all:
        if evaluation.samples and evaluation.model not in done:
            done.add(evaluation.model)
            for sample in evaluation.samples:
                yield evaluation.model, evaluation.seed, sample.temperature, sample.prefix, sample.text


def confusion(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield the confusion matrix of the test rows, summed over seeds: a row for each pair of classes."""
    names = prepared.classes
    for model in evaluations.models:
        counts = [
            metrics.confusion(predictions["truth"], predictions["probabilities"].argmax(1), len(names))
            for predictions in evaluations.predictions(model, "test").values()
        ]
        for truth, row in enumerate(np.sum(counts, axis=0) if counts else ()):
            for predicted, count in enumerate(row):
                yield model, names[truth], names[predicted], int(count)


def probes(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield the refit's predictions of a few rows, from the smallest target to the largest, with an interval."""
    inputs = np.concatenate([np.asarray(arrays["inputs"]) for arrays in prepared.splits.values()])
    for model in evaluations.models:
        seeds = list(evaluations.predictions(model, "all_rows").values())
        if not seeds:
            continue
        truth = seeds[0]["truth"]
        by_target = np.argsort(truth, kind="stable")
        for place in np.unique(np.linspace(0, len(by_target) - 1, PROBES).round().astype(int)):
            row = by_target[place]
            predicted = intervals.interval([float(predictions["predicted"][row]) for predictions in seeds])
            numbers = " ".join(f"{number:g}" for number in inputs[row])
            yield model, numbers, float(truth[row]), predicted["mean"], predicted["low"], predicted["high"]


def forecast(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield each test day with its value, the baselines' forecasts and each model's mean forecast."""
    names = (*evaluations.baselines, *evaluations.models)
    columns = [_mean_forecast(evaluations.predictions(name, "test")) for name in names]
    test = prepared.splits.get("test", {})
    for row, (day, value) in enumerate(zip(test.get("dates", ()), test.get("values", ()), strict=True)):
        yield str(day), float(value), *("" if column is None else float(column[row]) for column in columns)


def _mean_forecast(seeds: "Mapping[int, Predictions]") -> NDArray[np.float64] | None:
    return np.mean([predictions["predicted"] for predictions in seeds.values()], axis=0) if seeds else None


# Task -> file name, columns, and the function that yields the rows.
TABLES: Mapping[str, Sequence[tuple[str, tuple[str, ...], MakeRows]]] = {
    "next-symbol": (
        ("words.csv", ("model", "word", "output", "correct"), words),
        ("samples.csv", ("model", "seed", "temperature", "prefix", "text"), samples),
    ),
    "classify": (("confusion.csv", ("model", "truth", "prediction", "count"), confusion),),
    "regress": (("probes.csv", ("model", "input", "target", "prediction", "low", "high"), probes),),
    "forecast": (("forecast.csv", ("date", "truth"), forecast),),  # and a column for each baseline and model
}
