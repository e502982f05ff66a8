"""Build projects with many small models, for benchmarks of growth: all that stages write is there, as after a run.

The models are spread over eight data sets of four formats. They are trained in one process after the other of one
pool, not by a stage each, so that a project of hundreds of models is there in a minute.
"""

import contextlib
import io
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML

from pipeline import paths
from pipeline.data.prepared.verification import read_verified
from pipeline.evaluation import run as evaluation
from pipeline.execution import background, executor
from pipeline.params import Params, load_params
from pipeline.project import code
from pipeline.training import run as training
from pipeline.training.run import TrainingJob, fits
from stages import baseline, check, prepare

LETTERS = "abcdefghijklmnopqrstuvwxyz"
COPIED = ("pipeline", "stages", "dvc.yaml", ".dvcignore", ".dvc/config", ".dvc/plots", "data/README.md")
FOREIGN = ("DVC_", "MLFLOW_", "GIT_")  # variables that could make a project's commands write outside of it
COPIES = 2  # of each kind of data set
CELLS = ("rnn", "gru", "lstm")
SHARES = {"validation": 0.2, "test": 0.2}
DATASETS: Mapping[str, dict[str, Any]] = {
    "words": {"format": "words", "alphabet": LETTERS, **SHARES, "split_seed": 1, "refit": False},
    "sums": {"format": "pairs", "inputs": "x", "separator": " ", "target": "y", **SHARES, "split_seed": 1}
    | {"refit": False},
    "names": {"format": "labelled", "text": "name", "label": "language", "strip": True, "repeats": "drop"}
    | {"members": "*.txt", "max_megabytes": 1, **SHARES, "split_seed": 1, "refit": False},
    "text": {"format": "text", "alphabet": f"{LETTERS} ", "skip": 0, "limit": 0, "max_megabytes": 1, **SHARES}
    | {"refit": False},
}
OF_KIND: Mapping[str, dict[str, Any]] = {
    "words": {"input": "one-hot"},
    "sums": {"input": "values", "scaling": "standard"},
    "names": {"input": "one-hot"},
    "text": {"input": "embedding", "embedding_size": 4, "sampling": "consecutive", "sequence_length": 8},
}
ROWS = 60


def write(folder: Path, models: int, seeds: int = 1) -> None:
    """Write the code, params.yaml and raw files of a project with so many models."""
    for name in COPIED:
        source, target = code.ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    names = [f"{kind}-{copy}" for copy in range(COPIES) for kind in DATASETS][:models]
    datasets = {name: _dataset(folder, *name.split("-")) for name in names}
    blocks = {f"{names[n % len(names)]}-{n:03}": _model(names, n) for n in range(models)}
    write_params(folder / paths.PARAMS, datasets, blocks, seeds)


def write_params(path: Path, datasets: Mapping[str, Any], models: Mapping[str, Any], seeds: int = 1) -> None:
    """Write a params.yaml with the defaults of this repository's, but for the seeds."""
    defaults = YAML(typ="safe").load(code.ROOT / paths.PARAMS)["defaults"]
    content = {"datasets": datasets, "defaults": defaults | {"seeds": [*range(1, 1 + seeds)]}, "models": models}
    yaml = YAML()
    yaml.default_flow_style = False
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)


def _dataset(folder: Path, kind: str, copy: str) -> dict[str, Any]:
    """Write the raw file of a data set; return its block of params.yaml."""
    path = paths.RAW / f"{kind}-{copy}.txt"
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_text("\n".join(_lines(kind, random.Random(int(copy)))) + "\n", encoding="utf-8")  # noqa: S311
    return {**DATASETS[kind], "raw": str(path)}


def _lines(kind: str, draw: random.Random) -> Iterator[str]:
    words = ["".join(draw.choices(LETTERS, k=5)) for _ in range(ROWS)]
    if kind in ("words", "text"):
        yield from words if kind == "words" else words * 4
    elif kind == "names":
        yield "name,language"
        yield from (f"{word},{'abc'[number % 3]}" for number, word in enumerate(words))
    else:
        yield "x,y"
        yield from (f"{number} {number / 4},{number * 1.25}" for number in range(ROWS))


def _model(datasets: Sequence[str], number: int) -> dict[str, Any]:
    dataset = datasets[number % len(datasets)]
    own = {"cell": CELLS[number // len(datasets) % len(CELLS)], "hidden_size": 4 + number % 5}
    recipe = {"learning_rate": 0.01 + number / 10_000, "batch_size": 16, "epochs": 2}
    return {"dataset": dataset, **own, **OF_KIND[dataset.partition("-")[0]], **recipe}


def run(folder: Path) -> None:
    """Write all that stages write before `publish`, without a stage for each."""
    with contextlib.chdir(folder):
        call(check.main)
        params = load_params()
        for name in params.datasets:
            call(prepare.main, name)
        _train(params)
        for name in params.datasets:
            call(baseline.main, name)
            paths.results(name).mkdir(parents=True)
            evaluation.evaluate(name, params.models_of(name), paths.results(name))


def project_environment(root: Path) -> dict[str, str]:
    """Return the variables of commands that run the code below `root`, and write nothing outside of their project."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    places = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH", ""))))
    search = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    return inherited | {"PYTHONPATH": places, "PATH": search, background.LIVE: background.NEVER}


def call(command: click.Command, *arguments: str) -> None:
    """Run a command in this process, in the working folder, without its lines."""
    with contextlib.redirect_stdout(io.StringIO()):
        command.main(arguments, standalone_mode=False)


def _train(params: Params) -> None:
    cards = {name: read_verified(paths.prepared(name)).card for name in params.datasets}
    jobs = [
        TrainingJob(name, model, paths.prepared(model.dataset), seed, fit, checkpoint=None)
        for name, model in params.models.items()
        for fit in fits(cards[model.dataset])
        for seed in model.seeds
    ]
    # One server serves this process, also when the folder in which it started is gone.
    preload = (*training.PRELOAD, *evaluation.PRELOAD, training.__name__, evaluation.__name__)
    trained = list(zip(jobs, executor.run(training.run_job, jobs, preload=preload), strict=True))
    for name, model in params.models.items():
        folder = paths.model(model.dataset, name)
        folder.mkdir(parents=True, exist_ok=True)
        own = [result for job, result in trained if job.model == name]
        training.write_model(name, model, cards[model.dataset], folder, own)
