"""Small projects with data of every format, written, prepared, trained and evaluated in this process."""

import contextlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline import paths
from pipeline.data import formats
from pipeline.data import prepared as data
from pipeline.evaluation import run as evaluation
from pipeline.evaluation.baselines import fitting
from pipeline.execution import executor
from pipeline.execution.context import LocalContext
from pipeline.params import load_params
from pipeline.training import run as training

REPOSITORY = Path(__file__).parent.parent.parent
ODD = "<b>&\"'|*_`</script> \u2028[x](y)"  # text that a page must not read as markup
ODD_LABEL = "<b>&'|*_`"
LETTERS = "abcdefghijklmnopqrstuvwxyz "

SPLITS = {"validation": 0.2, "test": 0.2, "refit": False}
PAIRS = {**SPLITS, "format": "pairs", "inputs": "x", "separator": " ", "target": "y", "split_seed": 1}
TEXT = {**SPLITS, "format": "text", "raw": "text.txt", "alphabet": LETTERS, "skip": 0, "limit": 0, "max_megabytes": 1}
DATASETS: dict[str, dict[str, Any]] = {
    "words": {**SPLITS, "format": "words", "raw": "words.txt", "alphabet": "abcde", "split_seed": 1, "refit": True},
    "binary": {**PAIRS, "raw": "binary.csv", "inputs": "bits", "separator": "", "target": "number", "refit": True},
    "overfit": {**PAIRS, "raw": "overfit.csv", "validation": 0.0, "test": 0.0, "refit": True},
    "sums": {**PAIRS, "raw": "sums.csv"},
    "sales": {**SPLITS, "format": "series", "raw": "sales.csv", "date": "date", "store": "store", "item": "item"}
    | {"sales": "sales", "stores": "all", "items": "all", "reduce": "mean", "season": 2},
    "names": {**SPLITS, "format": "labelled", "raw": "names.csv", "text": "name", "label": "language"}
    | {"strip": True, "members": "*.txt", "max_megabytes": 1, "split_seed": 1},
    "lyrics": {**TEXT, "raw": "lyrics.txt", "alphabet": "any"},
    "text": TEXT,
    "vowels": {**TEXT, "format": "windows", "width": 6, "stride": 1}
    | {"classes": {"vowel": "aeiou", "consonant": "bcdfghjklmnpqrstvwxyz"}},
}
DAYS = [f"2020-{1 + day // 28:02}-{1 + day % 28:02},{shop},1,{day % 3 + shop}" for day in range(60) for shop in (1, 2)]
NAMES = [
    f"{'ÁéKs'[row % 4]}{'aeiou'[row % 5]}{'xyz'[row % 3] * (1 + row % 3)},{row % 4:03}".replace("003", ODD_LABEL)
    for row in range(60)
]
VERSE = "In the beginning was the word, and the word was here; so it is.\n"
RAW = {
    "words.txt": "\n".join(a + b + c + d for a in "abc" for b in "de" for c in "ab" for d in "ce"),
    "binary.csv": "\n".join(["bits,number", *(f"{row:04b},{row}" for row in range(16))]),
    "overfit.csv": "x,y\n0.1 0.2 0.3,0.4\n",
    "sums.csv": "\n".join(["x,y", *(f"{row} {row / 4},{row * 1.25}" for row in range(20))]),
    "sales.csv": "\n".join(["date,store,item,sales", *DAYS]),
    "names.csv": "\n".join(["name,language", *NAMES]),
    "lyrics.txt": VERSE.replace("the", f"the {ODD}", 1) * 6,
    "text.txt": VERSE * 6,
}

DEFAULTS: dict[str, Any] = {
    "seeds": [1, 2],
    "layers": 1,
    "hidden_size": 8,
    "bidirectional": False,
    "dropout": 0.0,
    "input_dropout": 0.0,
    "output_dropout": 0.0,
    "input": "one-hot",
    "head": "linear",
    "initialisation": "uniform",
    "scaling": "none",
    "optimiser": "adam",
    "learning_rate": 0.01,
    "momentum": 0.0,
    "beta2": 0.999,
    "weight_decay": 0.0,
    "schedule": {"kind": "constant"},
    "gradient_clip": 0.0,
    "batch_size": 16,
    "epochs": 2,
    "patience": 0,
    "supervision": "task",
    "sampling": "shuffled",
    "steps_per_epoch": None,
    "offset": "random",
    "samples": None,
}
NUMBERS = {"cell": "lstm", "input": "values", "scaling": "standard"}
STREAM = {"cell": "lstm", "sampling": "consecutive", "sequence_length": 8, "input": "embedding", "embedding_size": 4}
TOO_FAST = {"optimiser": "sgd", "learning_rate": 1e30}
MODELS: dict[str, dict[str, Any]] = {  # each answers a call of `pipeline.load`
    "words-lstm": {"dataset": "words", "cell": "lstm", "learning_rate": 0.05},
    "binary-lstm": {"dataset": "binary", **NUMBERS},
    "binary-flat": {"dataset": "binary", **NUMBERS, "input": "flat"},
    "overfit-lstm": {"dataset": "overfit", **NUMBERS, "seeds": [7]},
    "sums-lstm": {"dataset": "sums", **NUMBERS},
    "sales-lstm": {"dataset": "sales", **NUMBERS, "window": 4},
    "sales-flat": {"dataset": "sales", **NUMBERS, "window": 4, "input": "flat"},
    "names-lstm": {"dataset": "names", "cell": "lstm"},
    "names-rnn": {"dataset": "names", "cell": "rnn", "learning_rate": 0.02, "epochs": 30},  # learns the classes
    "lyrics-lstm": {"dataset": "lyrics", **STREAM, "output_dropout": 0.2},
    "text-lstm": {"dataset": "text", **STREAM, "samples": {"every": 1, "length": 7, "prefixes": ["the "]}},
    "text-bidirectional": {"dataset": "text", **STREAM, "bidirectional": True, "learning_rate": 0.1},
    "vowels-lstm": {"dataset": "vowels", "cell": "lstm", "supervision": "every-step"},
}
LEAKING = "text-bidirectional"
DIVERGED = "sales-lost"  # every seed of it
UNSTABLE = "sums-unstable"  # seed 1 diverges, the other two do not learn
ALL_MODELS = MODELS | {
    DIVERGED: {"dataset": "sales", **NUMBERS, "window": 4, **TOO_FAST},
    UNSTABLE: {"dataset": "sums", **NUMBERS, **TOO_FAST, "learning_rate": 500.0, "batch_size": 4, "seeds": [1, 2, 3]},
}


README = """# Data

## words

- **What:** words, see [the names](build/names.py).
- **Source:** [made up](https://example.org).
- **Licence:** CC0.
- **Known issues:** none of them is a word.

## names

- **Source:** made up.

Known issues:

- Names of five letters,
  and no others.
- No `real` names.

More:

- Not an issue.
"""
PUBLISHED = """
models:
  words-lstm:
    - {text: "mean loss, epoch 1", value: 1.45, quantity: train_loss, epoch: 1, tolerance: 0.5}
    - {text: "mean loss, epoch 900", value: 0.26, quantity: train_loss, epoch: 900, tolerance: 0.05, tried: 2 epochs}
  binary-lstm:
    - {text: answer for 1111, value: 14.2, quantity: prediction, input: "1 1 1 1", tolerance: 20}
  overfit-lstm:
    - {text: squared error, value: 0.1, missing: the sequence}
  sales-lstm:
    - {text: forecast, published: plots only, missing: figures}
  sales-lost:
    - {text: NaN at this learning rate, quantity: diverged}
  lyrics-lstm:
    - {text: "perplexity, epoch 2", value: 1.02, quantity: train_perplexity, epoch: 2, tolerance: 0.1}
    - {text: perplexity is far from that of memory, quantity: metric, metric: perplexity, low: 2}
recipes:
  words-lstm: as published
  overfit-lstm: ours
datasets:
  words:
    - {issue: Dropout was on., here: It is off.}
  text:
    - {issue: The network reads the answer., here: It is in no ranking., models: [text-bidirectional]}
"""


def params_text(datasets: Iterable[str] = DATASETS, models: Mapping[str, Any] | None = None, **defaults: Any) -> str:
    """Return a params.yaml of some data sets with all their models, or those given, and some defaults changed."""
    chosen = {name: DATASETS[name] for name in datasets}
    if models is None:
        models = {name: block for name, block in ALL_MODELS.items() if block["dataset"] in chosen}
    stream = io.StringIO()
    YAML().dump({"sources": {}, "datasets": chosen, "defaults": DEFAULTS | defaults, "models": models}, stream)
    return stream.getvalue()


def write(folder: Path, params: str) -> None:
    """Write params.yaml, every raw file, and the two files that the report reads beside them."""
    (folder / "data").mkdir()
    more = {"params.yaml": params, "data/README.md": README, "data/published.yaml": PUBLISHED}
    for name, content in (RAW | more).items():
        (folder / name).write_text(content, encoding="utf-8", newline="")


def prepare(folder: Path) -> None:
    """Prepare every data set of a project."""
    with contextlib.chdir(folder):
        for name, block in load_params().datasets.items():
            paths.prepared(name).mkdir(parents=True)
            data.write(formats.prepare(name, block), paths.prepared(name))


def train(folder: Path) -> None:
    """Train every model of a prepared project."""
    with _jobs_in_this_process(folder):
        for name, block in load_params().models.items():
            paths.model(block.dataset, name).mkdir(parents=True)
            training.train(name, block, paths.prepared(block.dataset), paths.model(block.dataset, name), False)


def fit_baselines(folder: Path) -> None:
    """Fit the baselines of every data set of a prepared project."""
    with contextlib.chdir(folder):
        for name in load_params().datasets:
            paths.baselines(name).mkdir(parents=True)
            fitting.fit_all(data.read(paths.prepared(name)), paths.baselines(name))


def evaluate(folder: Path) -> None:
    """Fit the baselines of a trained project, and evaluate every model."""
    fit_baselines(folder)
    with _jobs_in_this_process(folder):
        known = load_params()
        for name in known.datasets:
            paths.results(name).mkdir(parents=True)
            evaluation.evaluate(name, known.models_of(name), paths.results(name))


@contextlib.contextmanager
def _jobs_in_this_process(folder: Path) -> Iterator[None]:
    """Work in a folder, where jobs that go to workers otherwise run one after the other in this process."""

    def run(function: Callable[..., Any], jobs: Iterable[Any], *_: Any, **options: Any) -> list[Any]:
        return [function(job, LocalContext(lambda message: None)) for job in jobs]

    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr(executor, "run", run)
        yield
