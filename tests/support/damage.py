"""Damage to folders of prepared data and of a model, and the one line in which each use of them must end."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import pipeline
from pipeline import manifest
from pipeline.errors import DataError, NotTrainedError

DATA, MODEL = "data/prepared/words", "models/words/words-lstm"
NUMBERS = "data/prepared/sums"
DELETED = object()
Change = Callable[[bytes], bytes]


def check_line(line, where):
    assert line.count("\n") == 0
    assert line.startswith(f"{where}"), line
    assert "`dvc repro" in line or "delete it" in line
    assert len(line) < 500


def check_refused(where):
    """Load the model that `where` belongs to, and return the line, which must begin with that path."""
    dataset = "sums" if NUMBERS in str(where) else "words"
    with pytest.raises((DataError, NotTrainedError)) as caught:
        pipeline.load(f"{dataset}-lstm")
    check_line(str(caught.value), where)
    return str(caught.value)


def rewrite(name: str, change: Change) -> None:
    """Change a file, and let the manifest agree, unless it is the manifest."""
    path = Path(name)
    path.write_bytes(change(path.read_bytes()))
    if path.name != manifest.MANIFEST:
        agree(name)


def agree(name):
    """Let the manifest of a folder agree with its files."""
    manifest.write(Path(*Path(name).parts[:3]))


def set_value(keys: str, value: object) -> Change:
    """Return a change of JSON: the value under keys with colons between them."""

    def change(before: bytes) -> bytes:
        content = place = json.loads(before)
        *outer, last = keys.split(":")
        for key in outer:
            place = place[key]
        if value is DELETED:
            del place[last]
        else:
            place[last] = value
        return json.dumps(content).encode()

    return change
