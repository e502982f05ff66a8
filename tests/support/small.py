"""Small params and prepared data sets, of the real classes, for tests of models, tasks and training."""

import contextlib
import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipeline.data.formats import prepare
from pipeline.data.prepared import Prepared
from pipeline.models.network import SequenceModel, build_network
from pipeline.params.datasets import (
    DatasetParams,
    LabelledParams,
    PairsParams,
    SeriesParams,
    TextParams,
    WindowsParams,
    WordsParams,
)
from pipeline.params.models import ModelParams
from pipeline.tasks import TASKS
from tests.support.project import DATASETS, DEFAULTS

MODEL: dict[str, Any] = {**DEFAULTS, "dataset": "small", "seeds": [1], "cell": "lstm", "batch_size": 4}
CLOSED = {"alphabet": "abeou", "classes": {"consonant": "b", "vowel": "aeou"}}


def model_params(**changes: Any) -> ModelParams:
    """Complete a model's block."""
    return ModelParams.model_validate(MODEL | changes)


def network(params: ModelParams, prepared: Prepared, seed: int = 1) -> SequenceModel:
    """Build an untrained network."""
    torch.manual_seed(seed)
    return build_network(params, TASKS[prepared.card.task].shape(prepared)).eval()


def words(content: str, alphabet: str = "abc", **changes: Any) -> Prepared:
    """Prepare a list of words."""
    block = DATASETS["words"] | {"alphabet": alphabet, "refit": False} | changes
    return _prepare(WordsParams.model_validate(block), content)


def pairs(content: str, **changes: Any) -> Prepared:
    """Prepare rows of numbers with spaces between them, and a target."""
    return _prepare(PairsParams.model_validate(DATASETS["sums"] | changes), "x,y\n" + content)


def series(values: Any, **changes: Any) -> Prepared:
    """Prepare one value a day, from 2020-01-01, of one store and item."""
    days = (18262 + np.arange(len(values))).astype("datetime64[D]")
    lines = [f"{day},1,1,{value}\n" for day, value in zip(days, values, strict=True)]
    content = "date,store,item,sales\n" + "".join(lines)
    return _prepare(SeriesParams.model_validate(DATASETS["sales"] | changes), content)


def labelled(content: str, **changes: Any) -> Prepared:
    """Prepare rows of a text and its label."""
    return _prepare(LabelledParams.model_validate(DATASETS["names"] | changes), "name,language\n" + content)


def text(content: str, **changes: Any) -> Prepared:
    """Prepare a text."""
    return _prepare(TextParams.model_validate(DATASETS["lyrics"] | changes), content)


def windows(content: str, **changes: Any) -> Prepared:
    """Prepare windows of a text of letters a, b, e, o and u."""
    return _prepare(WindowsParams.model_validate(DATASETS["vowels"] | CLOSED | changes), content)


def stub(name: str, params: DatasetParams) -> Prepared:
    """Prepare a data set of params.yaml from a small invented raw file of its format."""
    whole = {"skip": 0, "limit": 0, "stores": "all", "items": "all"}
    changes = {key: value for key, value in whole.items() if hasattr(params, key)}
    return _prepare(params.model_copy(update=changes), _raw(params), name)


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
            days = np.arange(18262, 18762).astype("datetime64[D]")
            return "\n".join([header, *(f"{day},1,1,{index % 7}" for index, day in enumerate(days))])
        case LabelledParams():
            names = [f"{'ab'[row % 2] * (1 + row % 5)}{'cdefghijkl'[row // 10]}" for row in range(100)]
            return "\n".join([f"{params.text},{params.label}", *(f"{name},{name[0]}" for name in names)])
        case TextParams() | WindowsParams():
            return "in the beginning was the word and the word was with us " * 80


def _prepare(params: DatasetParams, content: str, name: str = "small") -> Prepared:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("raw").write_text(content, encoding="utf-8")
        return prepare(name, params.model_copy(update={"raw": "raw"}))
