"""Write what `evaluate` writes of a data set, with invented numbers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pipeline import artifacts, charts, paths
from pipeline.settings import Settings
from tests.invented import ALL_DIVERGED, CLASSES, ODD, history, random, splits, statuses

METRICS = {
    "next-symbol": ("loss", "perplexity", "bits_per_symbol", "accuracy"),
    "classify": ("accuracy", "macro_f1", "loss"),
    "regress": ("exact", "mse", "mae"),
    "forecast": ("mae", "rmse", "mase"),
}


def write(dataset: str, known: Settings) -> None:
    """Write metrics, values of seeds, curves, tables and figures of a data set."""
    folder, models = paths.results(dataset), known.models_of(dataset)
    names = METRICS[known.datasets[dataset].task]
    if known.datasets[dataset].format == "words":
        names = (*names, "letter_accuracy", "final_letter_accuracy")
    (folder / "tables").mkdir(parents=True)
    (folder / "figures").mkdir()
    values = [
        (model, split, metric, seed, 0.5 + random(model, split, metric, seed).random() / 10)
        for model in models
        for split in splits(dataset, known)
        for metric in names
        for seed, status in statuses(model, known).items()
        if status == "finished"
    ]
    artifacts.write_csv(folder / "seeds.csv", ("model", "split", "metric", "seed", "value"), values)
    artifacts.write_json(folder / "metrics.json", _metrics(dataset, models, values, names, known))
    header = ("model", "seed", "fit", "epoch", "rate", "train_loss", "validation_loss")
    curves = [(model, *row) for model in models for row in history(dataset, model, known)]
    artifacts.write_csv(folder / "curves.csv", header, curves)
    rows = artifacts.read_csv(folder / "curves.csv")
    _draw(charts.curves, rows, folder / "figures" / "curves.png", f"{dataset}: loss by epoch", "nats")
    _tables(dataset, models, folder, known)
    if dataset == "names":
        header = ("better", "worse", "measure", "difference", "low", "high", "p", "holds")
        artifacts.write_csv(folder / "tables" / "comparisons.csv", header, PAIRS)


_DRAWN: dict[str, bytes] = {}


def _draw(chart: Callable[..., None], rows: Sequence[Mapping[str, str]], path: Path, *words: str) -> None:
    """Draw a figure, or write it as it was drawn of the same rows before: drawing is most of the work here."""
    key = repr((chart.__name__, rows, words))
    if key not in _DRAWN:
        chart(rows, path, *words)
        _DRAWN[key] = path.read_bytes()
    path.write_bytes(_DRAWN[key])


PAIRS = (
    ("names-lstm", "names-rnn", "accuracy", 0.027, 0.021, 0.034, 0.001, "yes"),
    ("names-lstm", "baseline", "accuracy", 0.29, 0.28, 0.31, 0.001, "yes"),
    ("names-rnn", "baseline", "accuracy", 0.01, -0.01, 0.02, 0.3, "no"),
)


def _metrics(
    dataset: str,
    models: Sequence[str],
    values: Sequence[Sequence[Any]],
    names: Sequence[str],
    known: Settings,
) -> dict[str, Any]:
    metrics: dict[str, Any] = {model: {} for model in models}
    for model, split, metric, _, value in values:
        metrics[model].setdefault(split, {})[metric] = {
            "mean": value,
            "low": value - 0.012,
            "high": value + 0.012,
        }
    same = {"mean": 0.25, "low": 0.25, "high": 0.25}
    for pseudo in ("baseline", "limit") if dataset == "words" else ("baseline",):
        metrics[pseudo] = {split: dict.fromkeys(names, same) for split in splits(dataset, known)}
    return metrics


def _tables(dataset: str, models: Sequence[str], folder: Path, known: Settings) -> None:
    tables, figures = folder / "tables", folder / "figures"
    if known.datasets[dataset].format == "words":
        rows: list[Any] = [(m, word, output, 0.75) for m in models for word, output in WORDS]
        artifacts.write_csv(tables / "words.csv", ("model", "word", "output", "correct"), rows)
    elif known.datasets[dataset].task == "next-symbol":
        rows = [(m, 1, heat, "and ", ODD) for m in models for heat in (0.0, 0.8)]
        artifacts.write_csv(tables / "samples.csv", ("model", "seed", "temperature", "prefix", "text"), rows)
    elif known.datasets[dataset].task == "regress":
        rows = [(m, "1 1 1 1 1 1 1 1", 255.0, 254.8, 254.5, 255.1) for m in models]
        artifacts.write_csv(tables / "probes.csv", ("model", "input", "target", "prediction", "low", "high"), rows)
    elif known.datasets[dataset].task == "classify":
        header = ("model", "truth", "prediction", "count")
        rows = [(m, a, b, 40 if a == b else len(a + b) % 7) for m in models for a in CLASSES for b in CLASSES]
        artifacts.write_csv(tables / "confusion.csv", header, rows)
        for model in models:
            table = [row for row in artifacts.read_csv(tables / "confusion.csv") if row["model"] == model]
            _draw(charts.confusion, table, figures / f"confusion-{model}.png", f"{model}: test rows")
    else:
        artifacts.write_csv(tables / "forecast.csv", ("date", "truth", "baseline", *models), _days(models))
        days = artifacts.read_csv(tables / "forecast.csv")
        _draw(charts.forecast, days, figures / "forecast.png", f"{dataset}: forecast")


WORDS = (("beach", "each"), ("story", "toxy"))


def _days(models: Sequence[str]) -> list[tuple[object, ...]]:
    """Return a row a test day; a model all of whose seeds diverged has none of its own."""
    day, draws = date(2011, 9, 12), random("days")
    return [
        (
            str(day + timedelta(number)),
            *(round(10 + draws.random(), 3) for _ in range(2)),
            *("" if model == ALL_DIVERGED else round(10 + draws.random(), 3) for model in models),
        )
        for number in range(90)
    ]
