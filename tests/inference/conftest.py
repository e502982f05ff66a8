"""Load the models of a small trained project, and read the errors of calls."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pipeline
from tests.support.damage import DATA, MODEL, NUMBERS


@pytest.fixture
def loaded(trained_project: Path) -> Callable[..., Any]:
    """Return a function that loads a model by name."""
    return lambda name, **choice: pipeline.load(name, root=trained_project, **choice)


@pytest.fixture
def error_line() -> Callable[..., str]:
    """Return a function that makes a call which must raise an error of a class, and returns its one line."""

    def line(error: type[Exception], call: Callable[..., Any], *args: Any) -> str:
        with pytest.raises(error) as caught:
            call(*args)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return line


@pytest.fixture
def damageable(trained_project: Path, here: Path) -> None:
    """Work in a copy of a part of the trained project."""
    for name in ("params.yaml", DATA, MODEL, NUMBERS, "models/sums/sums-lstm"):
        source, target = trained_project / name, here / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
