"""Write what `evaluate` writes for a data set, with invented numbers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pipeline import files, paths
from pipeline.evaluation import plots
from pipeline.params import Params
from tests.support.invented import ALL_DIVERGED, CLASSES, ODD, history, random, splits, statuses

METRICS = {
    "next-symbol": ("loss", "perplexity", "bits_per_symbol", "accuracy"),
    "classify": ("accuracy", "macro_f1", "loss"),
    "regress": ("exact", "mse", "mae"),
    "forecast": ("mae", "rmse", "mase"),
}


def write(dataset: str, known: Params) -> None:
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
    files.write_csv(folder / "seeds.csv", ("model", "split", "metric", "seed", "value"), values)
    files.write_json(folder / "metrics.json", _metrics(dataset, models, values, names, known))
    header = ("model", "seed", "fit", "epoch", "learning_rate", "train_loss", "validation_loss")
    curves = [(model, *row) for model in models for row in history(dataset, model, known)]
    files.write_csv(folder / "curves.csv", header, curves)
    rows = files.read_csv(folder / "curves.csv")
    _plot(plots.plot_curves, rows, folder / "figures" / "curves.png", f"{dataset}: loss by epoch", "nats")
    _tables(dataset, models, folder, known)
    files.write_csv(folder / "tables" / "reproducibility.csv", ("reproducibility",), [("portable",)])
    if dataset == "names":
        header = ("better", "worse", "metric", "difference", "low", "high", "p", "significant")
        files.write_csv(folder / "tables" / "comparisons.csv", header, PAIRS)


_PLOTTED: dict[str, bytes] = {}


def _plot(plot: Callable[..., None], rows: Sequence[Mapping[str, str]], path: Path, *words: str) -> None:
    """Plot a figure, or write the one plotted from the same rows before: plotting is most of the work here."""
    key = repr((plot.__name__, rows, words))
    if key not in _PLOTTED:
        plot(rows, path, *words)
        _PLOTTED[key] = path.read_bytes()
    path.write_bytes(_PLOTTED[key])


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
    known: Params,
) -> dict[str, Any]:
    metrics: dict[str, Any] = {model: {} for model in models}
    for model, split, metric, _, value in values:
        metrics[model].setdefault(split, {})[metric] = {
            "mean": value,
            "low": value - 0.012,
            "high": value + 0.012,
        }
    same = {"mean": 0.25, "low": 0.25, "high": 0.25}
    for reference in ("baseline", "bound") if dataset == "words" else ("baseline",):
        metrics[reference] = {split: dict.fromkeys(names, same) for split in splits(dataset, known)}
    return metrics


def _tables(dataset: str, models: Sequence[str], folder: Path, known: Params) -> None:
    tables, figures = folder / "tables", folder / "figures"
    if known.datasets[dataset].format == "words":
        rows: list[Any] = [(m, word, output, 0.75) for m in models for word, output in WORDS]
        files.write_csv(tables / "words.csv", ("model", "word", "output", "correct"), rows)
    elif known.datasets[dataset].task == "next-symbol":
        rows = [(m, 1, temperature, "and ", ODD) for m in models for temperature in (0.0, 0.8)]
        files.write_csv(tables / "samples.csv", ("model", "seed", "temperature", "prefix", "text"), rows)
    elif known.datasets[dataset].task == "regress":
        rows = [(m, "1 1 1 1 1 1 1 1", 255.0, 254.8, 254.5, 255.1) for m in models]
        files.write_csv(tables / "probes.csv", ("model", "input", "target", "prediction", "low", "high"), rows)
    elif known.datasets[dataset].task == "classify":
        header = ("model", "truth", "prediction", "count")
        rows = [(m, a, b, 40 if a == b else len(a + b) % 7) for m in models for a in CLASSES for b in CLASSES]
        files.write_csv(tables / "confusion.csv", header, rows)
        for model in models:
            table = [row for row in files.read_csv(tables / "confusion.csv") if row["model"] == model]
            _plot(plots.plot_confusion, table, figures / f"confusion-{model}.png", f"{model}: test rows")
    else:
        files.write_csv(tables / "forecast.csv", ("date", "truth", "baseline", *models), _days(models))
        days = files.read_csv(tables / "forecast.csv")
        _plot(plots.plot_forecast, days, figures / "forecast.png", f"{dataset}: forecast")


WORDS = (("beach", "each"), ("story", "toxy"))


def _days(models: Sequence[str]) -> list[tuple[object, ...]]:
    """Return a row for each test day; a model all of whose seeds diverged has no forecasts."""
    day, draws = date(2011, 9, 12), random("days")
    return [
        (
            str(day + timedelta(number)),
            *(round(10 + draws.random(), 3) for _ in range(2)),
            *("" if model == ALL_DIVERGED else round(10 + draws.random(), 3) for model in models),
        )
        for number in range(90)
    ]
