"""A small project with a trained model of each format, in a temporary folder."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import paths
from pipeline.data import formats
from pipeline.data import prepared as data
from pipeline.models import storage
from pipeline.params import load_params
from pipeline.params.schema import ModelParams
from pipeline.training.run import TrainingJob, fits, run_job
from tests.support.small import MODEL

SHARES = {"validation": 0.2, "test": 0.2, "refit": False}
TEXT = {**SHARES, "raw": "text.txt", "skip": 0, "limit": 0, "max_megabytes": 1}
LETTERS = "abcdefghijklmnopqrstuvwxyz "

DATASETS: dict[str, dict[str, Any]] = {
    "words": {**SHARES, "format": "words", "raw": "words.txt", "alphabet": "abcde", "split_seed": 1, "refit": True},
    "binary": {**SHARES, "format": "pairs", "raw": "binary.csv", "inputs": "bits", "separator": "", "target": "number"}
    | {"split_seed": 1, "refit": True},
    "sums": {**SHARES, "format": "pairs", "raw": "sums.csv", "inputs": "x", "separator": " ", "target": "y"}
    | {"split_seed": 1},
    "sales": {**SHARES, "format": "series", "raw": "sales.csv", "date": "date", "store": "store", "item": "item"}
    | {"sales": "sales", "stores": "all", "items": "all", "reduce": "mean", "season": 2},
    "names": {**SHARES, "format": "labelled", "raw": "names.csv", "text": "name", "label": "language"}
    | {"members": "*.txt", "max_megabytes": 1, "split_seed": 1},
    "lyrics": {**TEXT, "format": "text", "alphabet": "any"},
    "text": {**TEXT, "format": "text", "alphabet": LETTERS},
    "vowels": {**TEXT, "format": "windows", "alphabet": LETTERS, "width": 6, "stride": 1}
    | {"classes": {"vowel": "aeiou", "consonant": "bcdfghjklmnpqrstvwxyz"}},
}
NUMBERS = {"input": "values", "scaling": "standard"}
STREAM = {"sampling": "consecutive", "sequence_length": 8, "input": "embedding", "embedding_size": 4}
CHANGES: dict[str, dict[str, Any]] = {
    "binary": NUMBERS,
    "sums": NUMBERS,
    "sales": {**NUMBERS, "window": 4},
    "lyrics": STREAM,
    "text": STREAM,
}
MODELS = {f"{name}-lstm": {"dataset": name, **CHANGES.get(name, {})} for name in DATASETS}
MODELS["sales-flat"] = {**MODELS["sales-lstm"], "input": "flat"}
MODELS["text-bidirectional"] = {**MODELS["text-lstm"], "bidirectional": True}

DEFAULTS = {key: value for key, value in MODEL.items() if key != "dataset"} | {"batch_size": 16, "seeds": [1, 2]}
PARAMS = {"sources": {}, "datasets": DATASETS, "defaults": DEFAULTS, "models": MODELS}


def build(folder: Path, params: Mapping[str, Any] = PARAMS) -> None:
    """Write the raw files and params.yaml, then prepare and train everything from each seed."""
    (folder / "params.yaml").write_text(json.dumps(params))  # JSON is YAML
    for name, content in _raw().items():
        (folder / name).write_text(content)
    with contextlib.chdir(folder):
        known = load_params()
        for name, dataset in known.datasets.items():
            paths.prepared(name).mkdir(parents=True)
            data.write(formats.prepare(name, dataset), paths.prepared(name))
        for name, model in known.models.items():
            _train(name, model)


def _train(name: str, model: ModelParams) -> None:
    """Train as `pipeline.training.run` does, but in this process."""
    prepared, folder = paths.prepared(model.dataset), paths.model(model.dataset, name)
    folder.mkdir(parents=True)
    card = data.read(prepared).card
    jobs = [TrainingJob(name, model, prepared, seed, fit, folder) for fit in fits(card) for seed in model.seeds]
    outcomes = [run_job(job, lambda message: None) for job in jobs]
    storage.write_records(folder, name, model, card, outcomes)


def _raw() -> dict[str, str]:
    days = [
        f"2020-{1 + day // 28:02}-{1 + day % 28:02},{shop},1,{day % 3 + shop}" for day in range(60) for shop in (1, 2)
    ]
    names = [f"{'ÁéKs'[row % 4]}{'aeiou'[row % 5]}{'xyz'[row % 3] * (1 + row % 3)},{row % 4:03}" for row in range(60)]
    return {
        "words.txt": "\n".join(a + b + c + d for a in "abc" for b in "de" for c in "ab" for d in "ce"),
        "binary.csv": "\n".join(["bits,number", *(f"{row:04b},{row}" for row in range(16))]),
        "sums.csv": "\n".join(["x,y", *(f"{row} {row / 4},{row * 1.25}" for row in range(20))]),
        "sales.csv": "\n".join(["date,store,item,sales", *days]),
        "names.csv": "\n".join(["name,language", *names]),
        "text.txt": "In the beginning was the word, and the word was here; so it is.\n" * 6,
    }
