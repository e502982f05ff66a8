"""Build small settings and prepared data sets, of the real classes, for tests of the core."""

import contextlib
import itertools
import tempfile
from pathlib import Path
from typing import Any

import torch

from pipeline import models
from pipeline.datasets.formats import prepare
from pipeline.datasets.prepared import Prepared
from pipeline.models import SequenceModel
from pipeline.settings import (
    DatasetSettings,
    LabelledSettings,
    ModelSettings,
    PairsSettings,
    SeriesSettings,
    TextSettings,
    WindowsSettings,
    WordsSettings,
)
from pipeline.tasks import TASKS

REPOSITORY = Path(__file__).parent.parent
HELD = {"validation": 0.2, "test": 0.2, "refit": False}
MODEL: dict[str, Any] = {
    "dataset": "small",
    "cell": "lstm",
    "layers": 1,
    "hidden": 8,
    "direction": "forward",
    "dropout": 0.0,
    "input_dropout": 0.0,
    "output_dropout": 0.0,
    "input": "one-hot",
    "head": "linear",
    "scaling": "none",
    "optimiser": "adam",
    "rate": 0.01,
    "momentum": 0.0,
    "beta2": 0.999,
    "weight_decay": 0.0,
    "schedule": {"kind": "constant"},
    "clip": 0.0,
    "batch": 4,
    "epochs": 2,
    "patience": 0,
    "supervision": "task",
    "sampling": "shuffled",
}


def model_settings(**changes: Any) -> ModelSettings:
    """Complete a model's block."""
    return ModelSettings.model_validate(MODEL | changes)


def network(settings: ModelSettings, prepared: Prepared, seed: int = 1) -> SequenceModel:
    """Build an untrained network."""
    torch.manual_seed(seed)
    return models.build(settings, TASKS[prepared.card.task].shape(prepared.card)).eval()


def words(content: str, alphabet: str = "abc", **changes: Any) -> Prepared:
    """Prepare a list of words."""
    block = {"format": "words", "raw": "raw", "alphabet": alphabet, "split_seed": 1, **HELD}
    return _prepared(WordsSettings.model_validate(block | changes), content)


def pairs(content: str, **changes: Any) -> Prepared:
    """Prepare a CSV with the columns x (numbers with spaces) and y."""
    block = {"format": "pairs", "raw": "raw", "inputs": "x", "separator": " ", "target": "y", "split_seed": 1, **HELD}
    return _prepared(PairsSettings.model_validate(block | changes), "x,y\n" + content)


def series(values: Any, **changes: Any) -> Prepared:
    """Prepare one value a day, from 2020-01-01, of one store and item."""
    block = {"format": "series", "raw": "raw", "date": "date", "store": "store", "item": "item", "sales": "sales"}
    block |= {"stores": "all", "items": "all", "reduce": "mean", "season": 2, **HELD}
    first = torch.arange(len(values)).numpy().astype("datetime64[D]") + 18262
    lines = [f"{day},1,1,{value}\n" for day, value in zip(first, values, strict=True)]
    return _prepared(SeriesSettings.model_validate(block | changes), "date,store,item,sales\n" + "".join(lines))


def labelled(content: str, **changes: Any) -> Prepared:
    """Prepare a CSV with the columns text and label."""
    block = {"format": "labelled", "raw": "raw", "text": "text", "label": "label", "members": "*.txt", "megabytes": 1}
    block |= {"split_seed": 1, **HELD}
    return _prepared(LabelledSettings.model_validate(block | changes), "text,label\n" + content)


def text(content: str, **changes: Any) -> Prepared:
    """Prepare a text."""
    block = {"format": "text", "raw": "raw", "alphabet": "any", "skip": 0, "limit": 0, "megabytes": 1, **HELD}
    return _prepared(TextSettings.model_validate(block | changes), content)


def windows(content: str, **changes: Any) -> Prepared:
    """Prepare windows of a text of letters a, b, e, o and u."""
    classes = {"consonant": "b", "vowel": "aeou"}
    block = {"format": "windows", "raw": "raw", "alphabet": "abeou", "skip": 0, "limit": 0, "megabytes": 1, **HELD}
    return _prepared(WindowsSettings.model_validate(block | {"classes": classes} | changes), content)


def stub(name: str, settings: DatasetSettings) -> Prepared:
    """Prepare a data set of params.yaml from a small invented raw file of its format."""
    return _prepared(
        settings.model_copy(update={"raw": "raw", **_UNCUT.get(settings.format, {})}), _raw(settings), name
    )


_UNCUT: dict[str, dict[str, Any]] = {
    "text": {"skip": 0, "limit": 0},
    "windows": {"skip": 0, "limit": 0},
    "series": {"stores": "all", "items": "all"},
}


def _raw(settings: DatasetSettings) -> str:
    match settings:
        case WordsSettings():
            letters = settings.alphabet
            return "\n".join(
                first + second + third for first in letters for second, third in itertools.pairwise(letters)
            )
        case PairsSettings():
            lines = [
                f"{settings.separator.join(str(row >> 4 - bit & 1) for bit in range(5))},{row}" for row in range(32)
            ]
            return "\n".join([f"{settings.inputs},{settings.target}", *lines])
        case SeriesSettings():
            header = ",".join((settings.date, settings.store, settings.item, settings.sales))
            days = torch.arange(18262, 18762).numpy().astype("datetime64[D]")
            return "\n".join([header, *(f"{day},1,1,{place % 7}" for place, day in enumerate(days))])
        case LabelledSettings():
            names = [f"{'ab'[row % 2] * (1 + row % 5)}{'cdefghijkl'[row // 10]}" for row in range(100)]
            return "\n".join([f"{settings.text},{settings.label}", *(f"{name},{name[0]}" for name in names)])
        case TextSettings() | WindowsSettings():
            return "in the beginning was the word and the word was with us " * 80


def _prepared(settings: DatasetSettings, content: str, name: str = "small") -> Prepared:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("raw").write_text(content, encoding="utf-8")
        return prepare(name, settings)
