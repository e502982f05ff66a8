"""Build a small project after `evaluate`: params, data cards, models and results, with invented numbers."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import files, paths
from pipeline.params import Params, load_params
from pipeline.params.schema import UNKNOWN
from tests.support import results_files
from tests.support.invented import CLASSES, EPOCHS, ODD, history, statuses

REPOSITORY = Path(__file__).parent.parent.parent
LEAKING = "lyrics-bidirectional"
LETTERS = "abcdefghijklmnopqrstuvwxyz"

PARAMS = """
sources: {}
datasets:
  words: {format: words, raw: data/raw/words.txt, alphabet: abcdefghijklmnopqrstuvwxyz, validation: 0.1, test: 0.2,
    split_seed: 1, refit: true}
  binary: {format: pairs, raw: data/raw/binary.csv, inputs: bits, separator: "", target: number, validation: 0.0,
    test: 0.0, split_seed: 1, refit: true}
  sales: {format: series, raw: data/raw/sales.csv, date: date, store: store, item: item, sales: sales, stores: all,
    items: all, reduce: mean, season: 6, validation: 0.15, test: 0.15, refit: false}
  names: {format: labelled, raw: data/raw/names.csv, text: name, label: language, members: "*.txt", max_megabytes: 64,
    validation: 0.1, test: 0.1, split_seed: 1, refit: false}
  lyrics: {format: text, raw: data/raw/psalms.txt, alphabet: any, skip: 0, limit: 0, max_megabytes: 64, validation: 0.1,
    test: 0.1, refit: false}
defaults: {seeds: [1, 2, 3], layers: 1, bidirectional: false, dropout: 0.0, input_dropout: 0.0, output_dropout: 0.0,
  head: linear, scaling: none, optimiser: adam, momentum: 0.0, beta2: 0.999, weight_decay: 0.0,
  schedule: {kind: one-cycle, warmup: 0.1}, gradient_clip: 1.0, patience: 0, supervision: task, sampling: shuffled,
  batch_size: 32, epochs: 5, learning_rate: 0.01, hidden_size: 8}
models:
  words-lstm: {dataset: words, cell: lstm, input: one-hot}
  binary-lstm: {dataset: binary, cell: lstm, input: values}
  sales-lstm: {dataset: sales, cell: lstm, input: values, window: 32}
  sales-rnn: {dataset: sales, cell: rnn, input: values, window: 32}
  names-lstm: {dataset: names, cell: lstm, input: one-hot}
  names-rnn: {dataset: names, cell: rnn, input: one-hot}
  lyrics-lstm: {dataset: lyrics, cell: lstm, input: embedding, embedding_size: 4, sampling: consecutive,
    sequence_length: 35}
  lyrics-bidirectional: {dataset: lyrics, cell: gru, input: embedding, embedding_size: 4, sampling: consecutive,
    sequence_length: 35, bidirectional: true}
"""


def build(root: Path, params: str = PARAMS) -> Params:
    """Write the project into an empty folder, which must be the working folder, and return its params."""
    (root / "params.yaml").write_text(params, encoding="utf-8")
    (root / "data").mkdir(exist_ok=True)
    for name in ("published.yaml", "README.md"):
        shutil.copy(REPOSITORY / "data" / name, root / "data" / name)
    known = load_params(root / "params.yaml")
    for dataset in known.datasets:
        _data_card(dataset, known)
        for model in known.models_of(dataset):
            _model(dataset, model, known)
        results_files.write(dataset, known)
    return known


def edit_json(path: Path, key: str, value: Any) -> None:
    """Change one key of a JSON file."""
    files.write_json(path, {**json.loads(path.read_text(encoding="utf-8")), key: value})


def _data_card(dataset: str, known: Params) -> None:
    block = known.datasets[dataset]
    has_test = block.test > 0
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
        "rows": {"train": 1600, "validation": 200, "test": 90} if has_test else {"train": 256},
        "symbols": len(_symbols(block.format)) or None,
        "unknown": 0 if _symbols(block.format)[:1] == [UNKNOWN] else None,
        "classes": CLASSES if classify else None,
        "season": 6 if block.task == "forecast" else None,
        "scaling": {"values": {"mean": 124.5, "std": 73.7, "seasonal_error": 4.0}} if block.format == "series" else {},
        "passage": {"skipped": 3, "characters": 1890, "opening": ODD} if block.format == "text" else None,
        "issues": [{"found": f"2 rows with {ODD}", "done": "left out"}] if classify else [],
        "refit": block.refit,
        "digest": "cd" * 32,
    }
    files.write_json(folder / "data_card.json", card)
    if symbols := _symbols(block.format):
        files.write_json(folder / "vocabulary.json", {"symbols": symbols, "classes": list(card["classes"] or ())})
    for split in card["rows"]:
        files.write_arrays(folder / split, _arrays(block.format))


def _symbols(format_: str) -> list[str]:
    """Return the symbols of a format: a closed vocabulary for words, an open one for names and texts."""
    return {"words": [*LETTERS], "labelled": [UNKNOWN, *LETTERS], "text": [UNKNOWN, " ", *LETTERS]}.get(format_, [])


def _arrays(format_: str) -> files.Arrays:
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


def _model(dataset: str, model: str, known: Params) -> None:
    folder, status_of = paths.model(dataset, model), statuses(model, known)
    folder.mkdir(parents=True)
    seeds = {str(seed): {"status": status, "epochs": EPOCHS, "best_epoch": 4} for seed, status in status_of.items()}
    description = {
        "model": model,
        "dataset": dataset,
        "task": known.datasets[dataset].task,
        "params": known.models[model].model_dump(mode="json"),
        "parameters": 12345,
        "prepared_digest": "cd" * 32,
        "reproducibility": "portable",
        "weights": {},
        "seeds": seeds,
    }
    files.write_json(folder / "model.json", description)
    header = ("seed", "fit", "epoch", "learning_rate", "train_loss", "validation_loss")
    files.write_csv(folder / "history.csv", header, history(dataset, model, known))
    for seed, status in status_of.items():
        if status == "finished":
            (folder / f"seed-{seed}.safetensors").write_bytes(f"{model} {seed}".encode())
