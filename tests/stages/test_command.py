"""How commands end: with their result, or an error in one line."""

import os
import re
import signal

import click
import pytest
from click.testing import CliRunner

from pipeline.errors import PipelineError
from stages.command import reports_errors


def run_command(error):
    @click.command()
    @reports_errors
    def main() -> None:
        """Raise an error."""
        raise error

    return CliRunner().invoke(main)


def with_filename(error):
    error.filename = "models"
    return error


def test_a_users_error_ends_in_one_line():
    found = run_command(PipelineError("params.yaml: defaults.seeds: missing; add it"))
    assert found.exit_code == 1
    assert found.stderr == "Error: params.yaml: defaults.seeds: missing; add it\n"
    assert found.stdout == ""


def test_kernels_that_do_not_exist_end_in_one_line(monkeypatch):
    monkeypatch.setenv("PIPELINE_KERNELS", "fast")
    found = run_command(ZeroDivisionError())
    assert (found.exit_code, found.stdout) == (1, "")
    assert re.fullmatch(r"Error: PIPELINE_KERNELS: .*'fast'.*portable or native\n", found.stderr)


def test_several_errors_take_a_line_each():
    assert run_command(PipelineError("one\ntwo")).stderr == "Error: one\ntwo\n"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            PermissionError(13, "Permission denied", "models/words"),
            "models/words: Permission denied; .*permissions.*",
        ),
        (FileExistsError(17, "File exists", "models"), "models: File exists; move.*"),
        (OSError(5, "Input/output error", "models"), "models: Input/output error"),
        (OSError("broken"), "a file: broken"),
        (with_filename(OSError("broken")), "models: broken"),
    ],
)
def test_an_error_of_the_system_ends_in_one_line(error, line):
    found = run_command(error)
    assert found.exit_code == 1
    assert re.fullmatch(f"Error: {line}\n", found.stderr)


def test_a_full_disk_ends_in_one_line():
    found = run_command(OSError(28, "No space left on device", "models/words"))
    assert found.exit_code == 1
    assert re.fullmatch("Error: models/words: no space left .*; free some.*\n", found.stderr)


def test_ctrl_c_ends_with_its_own_code():
    found = run_command(KeyboardInterrupt())
    assert found.exit_code == 130
    assert found.stderr.strip() == "Interrupted; run the same command again."


def test_kill_ends_a_command_as_ctrl_c_does():
    @click.command()
    @reports_errors
    def main() -> None:
        """End itself."""
        os.kill(os.getpid(), signal.SIGTERM)

    found = CliRunner().invoke(main)
    assert (found.exit_code, found.stderr.strip()) == (130, "Interrupted; run the same command again.")


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("[enforce fail] can't allocate memory"), RuntimeError("CUDA out of memory.")]
)
def test_too_little_memory_ends_in_one_line(error):
    found = run_command(error)
    assert (found.exit_code, found.stderr.count("\n")) == (1, 1)
    assert found.stderr.startswith("Error: not enough memory; ")


def test_a_bug_keeps_its_traceback():
    found = run_command(ZeroDivisionError("division by zero"))
    assert isinstance(found.exception, ZeroDivisionError)


def test_a_command_keeps_its_name_and_help():
    def prepare() -> None:
        """Clean and split."""

    assert reports_errors(prepare).__name__ == "prepare"
    assert reports_errors(prepare).__doc__ == "Clean and split."


@pytest.mark.parametrize("value", [0, "x", None])
def test_what_a_command_returns_is_returned(value):
    assert reports_errors(lambda given: given)(value) == value
