import sys

import pytest
from click.testing import CliRunner

from stages.predict import main
from tests.support.project import REPOSITORY


@pytest.fixture
def ask(trained_project, monkeypatch):
    """Return a function that runs the command in the trained project."""
    monkeypatch.chdir(trained_project)
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def table(tmp_path):
    """Return a function that writes a CSV."""

    def write(content):
        (tmp_path / "in.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "in.csv"

    return write


@pytest.fixture
def command(monkeypatch):
    """Return a function that builds the command line of a process of its own."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    return lambda *arguments: [sys.executable, "-m", "stages.predict", *map(str, arguments)]
