"""The report of the evaluated project: its content, and the text of each part."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from pipeline import report
from pipeline.params import load_params
from pipeline.report import View, load
from pipeline.report.load import Results
from pipeline.report.parts import Part

Texts = Mapping[str, Mapping[str, str]]


@pytest.fixture
def inside(evaluated_project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(evaluated_project)
    return evaluated_project


@pytest.fixture(scope="session")
def view(evaluated_project: Path) -> View:
    with contextlib.chdir(evaluated_project):
        return report.build(load_params())


@pytest.fixture(scope="session")
def texts(view: View) -> Texts:
    """Return the text of each part by its heading, of each data set and of each model card."""
    return {each.name: by_heading(each.parts) for each in (*view.sections, *view.model_cards.values())}


@pytest.fixture
def read(inside: Path) -> Callable[[str], Results]:
    """Return a function that reads what the report needs of a data set, for tests that replace some of it."""
    return lambda dataset: load.read(dataset, load_params())


def by_heading(parts: Iterable[Part | None]) -> Mapping[str, str]:
    """Return the text of each part: sentences, points, and the captions and rows of tables, a line for each."""
    return {part.heading: "\n".join(_lines(part)) for part in parts if part}


def _lines(part: Part) -> Iterable[str]:
    yield from (*part.sentences, *part.points)
    for table in part.tables:
        yield from (table.caption, *(" | ".join(row) for row in (table.columns, *table.rows)))
