"""How to load a trained model and predict with it, with examples from its own data set."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline import paths
from pipeline.data.prepared import Prepared
from pipeline.files import Arrays
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
from pipeline.report.parts import Code

Lines = tuple[list[str], list[str]]  # of Python, after the model is loaded, and of the shell
PREFIX, LENGTH = 24, 60  # characters


def examples(name: str, model: ModelParams, dataset: DatasetParams, prepared: Prepared) -> tuple[Code, Code]:
    """Return lines of Python and of the shell that run without changes in the project's folder."""
    python, shell = _lines(name, model, dataset, prepared)
    imports = ["import numpy"] * (dataset.format == "series") + ["import pipeline"]
    loaded = f"model = pipeline.load({_quoted(name)})"
    return Code("python", (*imports, "", loaded, *python)), Code("sh", tuple(shell))


def _lines(name: str, model: ModelParams, dataset: DatasetParams, prepared: Prepared) -> Lines:
    """Return lines that suit the format of the data."""
    match dataset:
        case WordsParams():
            return _words(name, _row(prepared))
        case TextParams():
            return _text(name, _opening(prepared))
        case LabelledParams():
            return _labelled(name, _row(prepared))
        case WindowsParams():
            return _windows(name, _row(prepared), prepared.classes)
        case PairsParams():
            return _pairs(name, dataset.separator.join(f"{value:.7g}" for value in _arrays(prepared)["inputs"][0]))
        case SeriesParams():
            return _series(name, model, dataset.raw, paths.prepared(prepared.card.dataset) / "train" / "values.npy")


def _words(name: str, word: str) -> Lines:
    return _language(name, word[: max(1, len(word) // 2)])


def _text(name: str, opening: str) -> Lines:
    python, shell = _language(name, opening)
    before, _, after = opening.rstrip().rpartition(" ")
    if before:
        python.append(f"model.sequence_log_prob({_quoted(after)}, context={_quoted(before + ' ')})")
    return python, shell


def _language(name: str, prefix: str) -> Lines:
    python = [
        f"model.predict({_quoted(prefix)})  # the most likely next symbol",
        f"model.next_char_log_probs({_quoted(prefix)})  # the log probability of each symbol",
        f'"".join(model.generate({_quoted(prefix)}, length={LENGTH}, temperature=0.8))',
    ]
    return python, [_predict(name, prefix, "--top 3"), f"{_command('generate', name)} --prefix {shlex.quote(prefix)}"]


def _labelled(name: str, text: str) -> Lines:
    python = [
        f"model.predict({_quoted(text)})  # the class",
        f"model.probabilities({_quoted(text)})  # the probability of each class",
    ]
    return python, [_predict(name, text, "--top 3")]


def _windows(name: str, text: str, classes: Sequence[str]) -> Lines:
    meaning = ", ".join(f"{place} {label}" for place, label in enumerate(classes))
    python = [
        f"model.predict({_quoted(text)})  # {meaning}",
        f"model.probabilities({_quoted(text)})  # the probability of each class",
    ]
    return python, [_predict(name, text)]


def _pairs(name: str, text: str) -> Lines:
    return [f"model.predict({_quoted(text)})  # the number"], [_predict(name, text)]


def _series(name: str, model: ModelParams, raw: str, values: Path) -> Lines:
    python = [
        f'days = numpy.load("{values}").tolist()  # oldest first',
        f"model.predict(days)  # the next day, from the last {model.window} values",
    ]
    return python, [f"{_command('predict', name)} --input {shlex.quote(raw)}"]


def _quoted(text: str) -> str:
    """Write a text as Python does, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def _command(stage: str, name: str) -> str:
    return f"python -m stages.{stage} {name}"


def _predict(name: str, text: str, options: str = "") -> str:
    """Return a command that predicts; a text that looks like an option comes after `--`."""
    guard = "-- " if text.startswith("-") else ""
    return f"{_command('predict', name)} {options}{' ' if options else ''}{guard}{shlex.quote(text)}"


def _arrays(prepared: Prepared) -> Arrays:
    """Return the test rows, or all there are where nothing is held out."""
    return prepared.splits.get("test", prepared.splits["train"])


def _row(prepared: Prepared) -> str:
    """Return the first row without out-of-vocabulary symbols, or else the first row."""
    vocabulary, arrays = prepared.vocabulary, _arrays(prepared)
    if vocabulary is None:
        raise ValueError(f"{prepared.card.dataset} has no symbols")
    rows = zip(arrays["symbols"], arrays["lengths"].tolist(), strict=True)
    known = (
        row[:length] for row, length in rows if vocabulary.unknown is None or vocabulary.unknown not in row[:length]
    )
    return vocabulary.decode(next(known, arrays["symbols"][0, : arrays["lengths"][0]]).tolist())


def _opening(prepared: Prepared) -> str:
    """Return a few words of the test text, from the start of one."""
    vocabulary, stream = prepared.vocabulary, np.asarray(_arrays(prepared)["stream"][: 4 * PREFIX])
    if vocabulary is None:
        raise ValueError(f"{prepared.card.dataset} has no symbols")
    known = vocabulary.decode(
        stream[stream != vocabulary.unknown].tolist() if vocabulary.unknown is not None else stream.tolist()
    )
    return known[PREFIX:].partition(" ")[2][:PREFIX] or known[:PREFIX]
