"""Build a small project after `evaluate`: params, cards, models and results, with invented numbers."""

import json
import shutil
import zlib
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from pipeline import artifacts, charts, paths, settings
from pipeline.codec import UNKNOWN
from pipeline.settings import Settings

REPOSITORY = Path(__file__).parent.parent
ODD = "<b>&\"'|*_`</script> \u2028[x](y)"  # a text that a page must not take for markup
EPOCHS = 5
DIVERGED = {("names-rnn", 2): "diverged at epoch 3"}
ALL_DIVERGED = "sales-rnn"
MEANINGLESS = "lyrics-bidirectional"
LETTERS = "abcdefghijklmnopqrstuvwxyz"

PARAMS = """
seeds: [1, 2, 3]
sources: {}
datasets:
  words: {format: words, raw: data/raw/words.txt, alphabet: abcdefghijklmnopqrstuvwxyz, validation: 0.1, test: 0.2,
    split_seed: 1, refit: true}
  binary: {format: pairs, raw: data/raw/binary.csv, inputs: bits, separator: "", target: number, validation: 0.0,
    test: 0.0, split_seed: 1, refit: true}
  sales: {format: series, raw: data/raw/sales.csv, date: date, store: store, item: item, sales: sales, stores: all,
    items: all, reduce: mean, season: 6, validation: 0.15, test: 0.15, refit: false}
  names: {format: labelled, raw: data/raw/names.csv, text: name, label: language, members: "*.txt", megabytes: 64,
    validation: 0.1, test: 0.1, split_seed: 1, refit: false}
  lyrics: {format: text, raw: data/raw/psalms.txt, alphabet: any, skip: 0, limit: 0, megabytes: 64, validation: 0.1,
    test: 0.1, refit: false}
training: {layers: 1, direction: forward, dropout: 0.0, input_dropout: 0.0, output_dropout: 0.0, head: linear,
  scaling: none, optimiser: adam, momentum: 0.0, beta2: 0.999, weight_decay: 0.0,
  schedule: {kind: one-cycle, warmup: 0.1}, clip: 1.0, patience: 0, supervision: task, sampling: shuffled, batch: 32,
  epochs: 5, rate: 0.01, hidden: 8}
models:
  words-lstm: {dataset: words, cell: lstm, input: one-hot}
  binary-lstm: {dataset: binary, cell: lstm, input: values}
  sales-lstm: {dataset: sales, cell: lstm, input: values, window: 32}
  sales-rnn: {dataset: sales, cell: rnn, input: values, window: 32}
  names-lstm: {dataset: names, cell: lstm, input: one-hot}
  names-rnn: {dataset: names, cell: rnn, input: one-hot}
  lyrics-lstm: {dataset: lyrics, cell: lstm, input: embedding, embedding: 4, sampling: consecutive, window: 35}
  lyrics-bidirectional: {dataset: lyrics, cell: gru, input: embedding, embedding: 4, sampling: consecutive, window: 35,
    direction: both}
"""

METRICS = {
    "next-symbol": ("loss", "perplexity", "bits_per_symbol", "accuracy"),
    "classify": ("accuracy", "macro_f1", "loss"),
    "regress": ("exact", "mse", "mae"),
    "forecast": ("mae", "rmse", "mase"),
}
CLASSES = {"Czech": 477, "Irish": 2000, "Polish": 2000}


def build(root: Path, params: str = PARAMS) -> Settings:
    """Write the project into an empty folder, which must be the working folder, and return its settings."""
    (root / "params.yaml").write_text(params, encoding="utf-8")
    (root / "data").mkdir(exist_ok=True)
    for name in ("published.yaml", "README.md"):
        shutil.copy(REPOSITORY / "data" / name, root / "data" / name)
    known = settings.load(root / "params.yaml")
    for dataset in known.datasets:
        _card(dataset, known)
        for model in known.models_of(dataset):
            _model(dataset, model, known)
        _results(dataset, known)
    return known


def edit_json(path: Path, key: str, value: Any) -> None:
    """Change one key of a JSON file."""
    artifacts.write_json(path, {**json.loads(path.read_text(encoding="utf-8")), key: value})


def _random(*key: object) -> Random:
    return Random(zlib.crc32(repr(key).encode()))


def _splits(dataset: str, known: Settings) -> list[str]:
    block = known.datasets[dataset]
    return ["train"] * block.refit + ["validation", "test"] * (block.test > 0)


def _statuses(model: str, known: Settings) -> dict[int, str]:
    return {
        seed: "diverged at epoch 2" if model == ALL_DIVERGED else DIVERGED.get((model, seed), "finished")
        for seed in known.seeds
    }


def _card(dataset: str, known: Settings) -> None:
    block = known.datasets[dataset]
    held = block.test > 0
    classify = block.task == "classify"
    folder = paths.prepared(dataset)
    folder.mkdir(parents=True)
    card = {
        "dataset": dataset,
        "format": block.format,
        "task": block.task,
        "raw": block.raw,
        "raw_sha256": "ab" * 32,
        "unit": {"classify": "names", "regress": "numbers", "forecast": "days"}.get(block.task, "characters"),
        "rows": {"train": 1600, "validation": 200, "test": 90} if held else {"train": 256},
        "symbols": len(_symbols(block.format)) or None,
        "unknown": 0 if _symbols(block.format)[:1] == [UNKNOWN] else None,
        "classes": CLASSES if classify else None,
        "season": 6 if block.task == "forecast" else None,
        "scaling": {"values": {"mean": 124.5, "std": 73.7, "seasonal_error": 4.0}} if block.format == "series" else {},
        "passage": {"skipped": 3, "characters": 1890, "opening": ODD} if block.format == "text" else None,
        "faults": [{"found": f"2 rows with {ODD}", "done": "left out"}] if classify else [],
        "refit": block.refit,
        "digest": "cd" * 32,
    }
    artifacts.write_json(folder / "card.json", card)
    if symbols := _symbols(block.format):
        artifacts.write_json(folder / "vocabulary.json", {"symbols": symbols, "classes": list(card["classes"] or ())})
    for split in card["rows"]:
        artifacts.write_arrays(folder / split, _arrays(block.format))


def _symbols(format_: str) -> list[str]:
    """Return a vocabulary: a closed one of words, an open one of names and texts."""
    return {"words": [*LETTERS], "labelled": [UNKNOWN, *LETTERS], "text": [UNKNOWN, " ", *LETTERS]}.get(format_, [])


def _arrays(format_: str) -> artifacts.Arrays:
    """Return a few rows of a format."""
    symbols, lengths = np.array([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]], dtype=np.uint8), np.array([5, 5], dtype=np.int32)
    days = np.arange("2011-09-12", "2011-12-09", dtype="datetime64[D]")
    return {
        "words": {"symbols": symbols, "lengths": lengths},
        "labelled": {"symbols": symbols, "lengths": lengths, "labels": np.zeros(2, dtype=np.int32)},
        "text": {"stream": np.arange(200, dtype=np.uint8) % 7 + 1},
        "pairs": {"inputs": np.eye(8, dtype=np.float32), "targets": np.arange(8, dtype=np.float32)},
        "series": {"dates": days, "values": np.arange(len(days), dtype=np.float64)},
    }[format_]


def _model(dataset: str, model: str, known: Settings) -> None:
    folder, statuses = paths.model(dataset, model), _statuses(model, known)
    folder.mkdir(parents=True)
    seeds = {str(seed): {"status": status, "epochs": EPOCHS, "best_epoch": 4} for seed, status in statuses.items()}
    description = {
        "model": model,
        "dataset": dataset,
        "task": known.datasets[dataset].task,
        "settings": known.models[model].model_dump(mode="json"),
        "parameters": 12345,
        "prepared_digest": "cd" * 32,
        "weights": {},
        "seeds": seeds,
    }
    artifacts.write_json(folder / "model.json", description)
    header = ("seed", "fit", "epoch", "rate", "train_loss", "validation_loss")
    artifacts.write_csv(folder / "history.csv", header, _history(dataset, model, known))
    for seed, status in statuses.items():
        if status == "finished":
            (folder / f"seed-{seed}.safetensors").write_bytes(f"{model} {seed}".encode())


def _history(dataset: str, model: str, known: Settings) -> list[tuple[object, ...]]:
    block = known.datasets[dataset]
    fits = ["held-out"] * (block.test > 0) + ["refit"] * block.refit
    rows: list[tuple[object, ...]] = []
    for seed in known.seeds:
        for fit in fits:
            for epoch in range(1, EPOCHS + 1):
                loss = 3 / epoch + _random(model, seed, epoch).random() / 10
                rows.append((seed, fit, epoch, 0.01, loss, loss + 0.1 if fit == "held-out" else ""))
    return rows


def _results(dataset: str, known: Settings) -> None:
    folder, models = paths.results(dataset), known.models_of(dataset)
    names = METRICS[known.datasets[dataset].task]
    if known.datasets[dataset].format == "words":
        names = (*names, "letter_accuracy", "final_letter_accuracy")
    (folder / "tables").mkdir(parents=True)
    (folder / "figures").mkdir()
    values = [
        (model, split, metric, seed, 0.5 + _random(model, split, metric, seed).random() / 10)
        for model in models
        for split in _splits(dataset, known)
        for metric in names
        for seed, status in _statuses(model, known).items()
        if status == "finished"
    ]
    artifacts.write_csv(folder / "seeds.csv", ("model", "split", "metric", "seed", "value"), values)
    artifacts.write_json(folder / "metrics.json", _metrics(dataset, models, values, names, known))
    header = ("model", "seed", "fit", "epoch", "rate", "train_loss", "validation_loss")
    curves = [(model, *row) for model in models for row in _history(dataset, model, known)]
    artifacts.write_csv(folder / "curves.csv", header, curves)
    rows = artifacts.read_csv(folder / "curves.csv")
    charts.curves(rows, folder / "figures" / "curves.png", f"{dataset}: loss by epoch", "nats")
    _tables(dataset, models, folder, known)
    if dataset == "names":
        header = ("better", "worse", "measure", "difference", "low", "high", "p", "holds")
        artifacts.write_csv(folder / "tables" / "comparisons.csv", header, PAIRS)


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
        metrics[pseudo] = {split: dict.fromkeys(names, same) for split in _splits(dataset, known)}
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
            charts.confusion(table, figures / f"confusion-{model}.png", f"{model}: test rows")
    else:
        artifacts.write_csv(tables / "forecast.csv", ("date", "truth", "baseline", *models), _days(models))
        charts.forecast(artifacts.read_csv(tables / "forecast.csv"), figures / "forecast.png", f"{dataset}: forecast")


WORDS = (("beach", "each"), ("story", "toxy"))


def _days(models: Sequence[str]) -> list[tuple[object, ...]]:
    """Return a row a test day; a model all of whose seeds diverged has none of its own."""
    day, random = date(2011, 9, 12), _random("days")
    return [
        (
            str(day + timedelta(number)),
            *(round(10 + random.random(), 3) for _ in range(2)),
            *("" if model == ALL_DIVERGED else round(10 + random.random(), 3) for model in models),
        )
        for number in range(90)
    ]
