import sys

import pytest
from click.testing import CliRunner

from stages.predict import main
from tests.small import REPOSITORY as ROOT


@pytest.fixture
def ask(trained_project, monkeypatch):
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
    """Return a function that tells how the command is started as a process of its own."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return lambda *arguments: [sys.executable, "-m", "stages.predict", *map(str, arguments)]
