"""Loads the models of a small trained project."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pipeline


@pytest.fixture
def loaded(trained_project: Path) -> Callable[..., Any]:
    """Return a function that loads a model by name."""
    return lambda name, **choice: pipeline.load(name, root=trained_project, **choice)
