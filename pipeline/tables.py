"""The tables of a data set's results that suit its task: file name -> header and rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from pipeline import metrics, statistics
from pipeline.datasets.prepared import Prepared
from pipeline.judgement import Judgements, Predictions

Rows = Callable[[Prepared, Judgements], Iterator[Sequence[object]]]
Table = tuple[Sequence[str], list[Sequence[object]]]
PROBES = 9  # rows shown of a regression


def tables(prepared: Prepared, judgements: Judgements) -> dict[str, Table]:
    """Make the tables of a data set; one that has no rows is left out."""
    made = {}
    for name, columns, rows in TABLES[prepared.card.task]:
        header = (*columns, *judgements.baselines, *judgements.networks) if rows is forecast else columns
        made[name] = header, list(rows(prepared, judgements))
    return {name: table for name, table in made.items() if table[1]}


def words(prepared: Prepared, judgements: Judgements) -> Iterator[Sequence[object]]:
    """Yield each word with the letters that a model's refit puts in their places, for its first seed."""
    for model in judgements.networks:
        found = judgements.predictions(model, "train")
        if prepared.codec is None or not found or "row" not in next(iter(found.values())):
            continue
        first = next(iter(found.values()))
        right = np.mean([each["best"] == each["truth"] for each in found.values()], axis=0)
        for row in np.unique(first["row"]):
            where = first["row"] == row
            word, output = (prepared.codec.decode(first[name][where].tolist()) for name in ("truth", "best"))
            initial = prepared.codec.decode([_first_symbol(prepared, int(row))])
            yield model, initial + word, output, round(float(right[where].mean()), 6)


def _first_symbol(prepared: Prepared, row: int) -> int:
    """Return the symbol with which a row of all splits, joined, begins."""
    for arrays in prepared.splits.values():
        if row < len(arrays["symbols"]):
            return int(arrays["symbols"][row, 0])
        row -= len(arrays["symbols"])
    raise IndexError(row)


def samples(prepared: Prepared, judgements: Judgements) -> Iterator[Sequence[object]]:
    """Yield the texts that the models wrote, for the first seed of each."""
    shown = set()
    for judgement in judgements.all:
        if judgement.samples and judgement.model not in shown:
            shown.add(judgement.model)
            for sample in judgement.samples:
                yield judgement.model, judgement.seed, sample.temperature, sample.prefix, sample.text


def confusion(prepared: Prepared, judgements: Judgements) -> Iterator[Sequence[object]]:
    """Yield how often each class of the test rows was taken for which, summed over seeds."""
    names = prepared.classes
    for model in judgements.networks:
        counts = [
            metrics.confusion(found["truth"], found["probabilities"].argmax(1), len(names))
            for found in judgements.predictions(model, "test").values()
        ]
        for truth, row in enumerate(np.sum(counts, axis=0) if counts else ()):
            for predicted, count in enumerate(row):
                yield model, names[truth], names[predicted], int(count)


def probes(prepared: Prepared, judgements: Judgements) -> Iterator[Sequence[object]]:
    """Yield the predictions of the refit for a few rows, from the smallest target to the largest."""
    inputs = np.concatenate([np.asarray(arrays["inputs"]) for arrays in prepared.splits.values()])
    for model in judgements.networks:
        found = list(judgements.predictions(model, "train").values())
        if not found:
            continue
        by_target = np.argsort(found[0]["truth"], kind="stable")
        for place in np.unique(np.linspace(0, len(by_target) - 1, PROBES).round().astype(int)):
            row = by_target[place]
            spread = statistics.interval([float(each["predicted"][row]) for each in found])
            shown = " ".join(f"{value:g}" for value in inputs[row])
            yield model, shown, float(found[0]["truth"][row]), spread["mean"], spread["low"], spread["high"]


def forecast(prepared: Prepared, judgements: Judgements) -> Iterator[Sequence[object]]:
    """Yield each test day with its value, the baselines' forecasts and each model's mean forecast."""
    names = (*judgements.baselines, *judgements.networks)
    columns = [_mean_forecast(judgements.predictions(name, "test")) for name in names]
    test = prepared.splits.get("test", {})
    for row, (day, value) in enumerate(zip(test.get("dates", ()), test.get("values", ()), strict=True)):
        yield str(day), float(value), *("" if column is None else float(column[row]) for column in columns)


def _mean_forecast(found: Mapping[int, Predictions]) -> np.ndarray | None:
    return np.mean([each["predicted"] for each in found.values()], axis=0) if found else None


TABLES: Mapping[str, Sequence[tuple[str, tuple[str, ...], Rows]]] = {
    "next-symbol": (
        ("words.csv", ("model", "word", "output", "correct"), words),
        ("samples.csv", ("model", "seed", "temperature", "prefix", "text"), samples),
    ),
    "classify": (("confusion.csv", ("model", "truth", "prediction", "count"), confusion),),
    "regress": (("probes.csv", ("model", "input", "target", "prediction", "low", "high"), probes),),
    "forecast": (("forecast.csv", ("date", "truth"), forecast),),  # and a column a baseline and a model
}
