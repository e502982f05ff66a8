"""Small params and prepared data sets, of the real classes, for tests of models, tasks and training."""

import contextlib
import itertools
import tempfile
from pathlib import Path
from typing import Any

import torch

from pipeline.data.formats import prepare
from pipeline.data.prepared import Prepared
from pipeline.models.network import SequenceModel, build_network
from pipeline.params.schema import (
    DatasetParams,
    LabelledParams,
    ModelParams,
    PairsParams,
    SeriesParams,
    TextParams,
    WindowsParams,
    WordsParams,
)
from pipeline.tasks import TASKS

REPOSITORY = Path(__file__).parent.parent.parent
SPLITS = {"validation": 0.2, "test": 0.2, "refit": False}
MODEL: dict[str, Any] = {
    "dataset": "small",
    "seeds": [1],
    "cell": "lstm",
    "layers": 1,
    "hidden_size": 8,
    "bidirectional": False,
    "dropout": 0.0,
    "input_dropout": 0.0,
    "output_dropout": 0.0,
    "input": "one-hot",
    "head": "linear",
    "scaling": "none",
    "optimiser": "adam",
    "learning_rate": 0.01,
    "momentum": 0.0,
    "beta2": 0.999,
    "weight_decay": 0.0,
    "schedule": {"kind": "constant"},
    "gradient_clip": 0.0,
    "batch_size": 4,
    "epochs": 2,
    "patience": 0,
    "supervision": "task",
    "sampling": "shuffled",
}


def model_params(**changes: Any) -> ModelParams:
    """Complete a model's block."""
    return ModelParams.model_validate(MODEL | changes)


def network(params: ModelParams, prepared: Prepared, seed: int = 1) -> SequenceModel:
    """Build an untrained network."""
    torch.manual_seed(seed)
    return build_network(params, TASKS[prepared.card.task].shape(prepared.card)).eval()


def words(content: str, alphabet: str = "abc", **changes: Any) -> Prepared:
    """Prepare a list of words."""
    block = {"format": "words", "raw": "raw", "alphabet": alphabet, "split_seed": 1, **SPLITS}
    return _prepare(WordsParams.model_validate(block | changes), content)


def pairs(content: str, **changes: Any) -> Prepared:
    """Prepare a CSV with the columns x (numbers with spaces) and y."""
    block = {"format": "pairs", "raw": "raw", "inputs": "x", "separator": " ", "target": "y", "split_seed": 1, **SPLITS}
    return _prepare(PairsParams.model_validate(block | changes), "x,y\n" + content)


def series(values: Any, **changes: Any) -> Prepared:
    """Prepare one value a day, from 2020-01-01, of one store and item."""
    block = {"format": "series", "raw": "raw", "date": "date", "store": "store", "item": "item", "sales": "sales"}
    block |= {"stores": "all", "items": "all", "reduce": "mean", "season": 2, **SPLITS}
    first = torch.arange(len(values)).numpy().astype("datetime64[D]") + 18262
    lines = [f"{day},1,1,{value}\n" for day, value in zip(first, values, strict=True)]
    return _prepare(SeriesParams.model_validate(block | changes), "date,store,item,sales\n" + "".join(lines))


def labelled(content: str, **changes: Any) -> Prepared:
    """Prepare a CSV with the columns text and label."""
    block = {
        "format": "labelled",
        "raw": "raw",
        "text": "text",
        "label": "label",
        "members": "*.txt",
        "max_megabytes": 1,
    }
    block |= {"split_seed": 1, **SPLITS}
    return _prepare(LabelledParams.model_validate(block | changes), "text,label\n" + content)


def text(content: str, **changes: Any) -> Prepared:
    """Prepare a text."""
    block = {"format": "text", "raw": "raw", "alphabet": "any", "skip": 0, "limit": 0, "max_megabytes": 1, **SPLITS}
    return _prepare(TextParams.model_validate(block | changes), content)


def windows(content: str, **changes: Any) -> Prepared:
    """Prepare windows of a text of letters a, b, e, o and u."""
    classes = {"consonant": "b", "vowel": "aeou"}
    block = {
        "format": "windows",
        "raw": "raw",
        "alphabet": "abeou",
        "skip": 0,
        "limit": 0,
        "max_megabytes": 1,
        **SPLITS,
    }
    return _prepare(WindowsParams.model_validate(block | {"classes": classes} | changes), content)


def stub(name: str, params: DatasetParams) -> Prepared:
    """Prepare a data set of params.yaml from a small invented raw file of its format."""
    return _prepare(params.model_copy(update={"raw": "raw", **_UNCUT.get(params.format, {})}), _raw(params), name)


_UNCUT: dict[str, dict[str, Any]] = {
    "text": {"skip": 0, "limit": 0},
    "windows": {"skip": 0, "limit": 0},
    "series": {"stores": "all", "items": "all"},
}


def _raw(params: DatasetParams) -> str:
    match params:
        case WordsParams():
            letters = params.alphabet
            return "\n".join(
                first + second + third for first in letters for second, third in itertools.pairwise(letters)
            )
        case PairsParams():
            lines = [f"{params.separator.join(str(row >> 4 - bit & 1) for bit in range(5))},{row}" for row in range(32)]
            return "\n".join([f"{params.inputs},{params.target}", *lines])
        case SeriesParams():
            header = ",".join((params.date, params.store, params.item, params.sales))
            days = torch.arange(18262, 18762).numpy().astype("datetime64[D]")
            return "\n".join([header, *(f"{day},1,1,{index % 7}" for index, day in enumerate(days))])
        case LabelledParams():
            names = [f"{'ab'[row % 2] * (1 + row % 5)}{'cdefghijkl'[row // 10]}" for row in range(100)]
            return "\n".join([f"{params.text},{params.label}", *(f"{name},{name[0]}" for name in names)])
        case TextParams() | WindowsParams():
            return "in the beginning was the word and the word was with us " * 80


def _prepare(params: DatasetParams, content: str, name: str = "small") -> Prepared:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("raw").write_text(content, encoding="utf-8")
        return prepare(name, params)
