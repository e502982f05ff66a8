import click
import pytest
from click.testing import CliRunner

from pipeline.errors import UserError, reported


def ended(error):
    @click.command()
    @reported
    def main() -> None:
        """Say what it does."""
        raise error

    return CliRunner().invoke(main)


def named(error):
    error.filename = "models"
    return error


def test_a_users_mistake_ends_in_one_line():
    found = ended(UserError("params.yaml: seeds: missing; add it"))
    assert found.exit_code == 1
    assert found.stderr == "Error: params.yaml: seeds: missing; add it\n"
    assert found.stdout == ""


def test_a_choice_of_numerics_that_there_is_not_ends_in_one_line(monkeypatch):
    monkeypatch.setenv("PIPELINE_NUMERICS", "fast")
    found = ended(ZeroDivisionError())
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr == "Error: PIPELINE_NUMERICS: found 'fast'; wanted portable or native\n"


def test_several_mistakes_take_a_line_each():
    assert ended(UserError("one\ntwo")).stderr == "Error: one\ntwo\n"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            PermissionError(13, "Permission denied", "models/words"),
            "models/words: Permission denied; give yourself the right to it, or work in a folder of your own",
        ),
        (FileExistsError(17, "File exists", "models"), "models: File exists; move away what is there"),
        (OSError(5, "Input/output error", "models"), "models: Input/output error"),
        (OSError("broken"), "a file: broken"),
        (named(OSError("broken")), "models: broken"),
    ],
)
def test_what_the_system_refuses_ends_in_one_line(error, line):
    found = ended(error)
    assert (found.exit_code, found.stderr) == (1, f"Error: {line}\n")


def test_a_full_disk_ends_in_one_line():
    found = ended(OSError(28, "No space left on device", "models/words"))
    assert found.exit_code == 1
    assert found.stderr == (
        "Error: models/words: no space left to write it (No space left on device); free some and run again\n"
    )


def test_ctrl_c_ends_with_its_own_code():
    found = ended(KeyboardInterrupt())
    assert found.exit_code == 130
    assert found.stderr.strip() == "Interrupted; run the same command again."


def test_a_bug_keeps_its_traceback():
    found = ended(ZeroDivisionError("division by zero"))
    assert isinstance(found.exception, ZeroDivisionError)


def test_a_command_keeps_its_name_and_help():
    def prepare() -> None:
        """Clean and split."""

    assert reported(prepare).__name__ == "prepare"
    assert reported(prepare).__doc__ == "Clean and split."


@pytest.mark.parametrize("value", [0, "x", None])
def test_what_a_command_returns_comes_back(value):
    assert reported(lambda given: given)(value) == value
