"""The commands behind one name."""

import importlib
import subprocess
import sys
import tomllib

import pytest
from click.testing import CliRunner

import pipeline
from stages.__main__ import console, main
from tests.support.project import REPOSITORY

COMMANDS = sorted(path.stem for path in (REPOSITORY / "stages").glob("[a-z]*.py") if path.stem != "command")


def test_the_installed_command_is_this_one():
    scripts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    module, _, name = scripts["sequence-pipeline"].partition(":")
    assert getattr(importlib.import_module(module), name) is console


def test_every_command_is_listed():
    listed = CliRunner().invoke(main, ["--help"]).output.partition("Commands:\n")[2]
    assert [line.split()[0] for line in listed.splitlines()] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_describes_itself(command):
    done = CliRunner().invoke(main, [command, "--help"], prog_name="sequence-pipeline")
    assert done.exit_code == 0
    assert done.output.startswith(f"Usage: sequence-pipeline {command}")
    assert "\\b" not in done.output  # which keeps click from wrapping examples, in place of the backspace that does


def test_an_unknown_command_is_refused():
    done = CliRunner().invoke(main, ["trian"])
    assert done.exit_code == 2
    assert "No such command 'trian'" in done.output


def test_help_loads_neither_torch_nor_mlflow():
    program = (
        "import sys; from stages.__main__ import main; main(['--help'], standalone_mode=False); "
        "sys.exit(bool({'torch', 'mlflow', 'matplotlib', 'sklearn'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_public_names_are_load_and_the_errors():
    assert pipeline.__all__ == sorted(pipeline.__all__)
    assert all(hasattr(pipeline, name) for name in pipeline.__all__)
    errors = [getattr(pipeline, name) for name in pipeline.__all__ if name.endswith("Error")]
    assert len(errors) == 6
    assert {*pipeline.__all__} == {error.__name__ for error in errors} | {"load"}
    assert all(issubclass(error, pipeline.PipelineError) for error in errors)
