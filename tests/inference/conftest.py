"""Load the models of a small trained project, and read the errors of calls."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pipeline


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
