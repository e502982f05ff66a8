import os
import signal
import sys

import pytest
from click.testing import CliRunner

import pipeline
from stages.generate import main
from tests.support.processes import running
from tests.support.project import REPOSITORY


@pytest.fixture
def generate(trained_project, monkeypatch):
    """Return a function that runs the command in the trained project."""
    monkeypatch.chdir(trained_project)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_a_prefix_is_continued_by_the_ensemble_or_the_network_of_one_seed(generate):
    done = generate("lyrics-lstm", "--prefix", "In the", "--length", "30", "--seed", "3")
    wanted = "".join(pipeline.load("lyrics-lstm").generate("In the", 30, 0.8, 3))
    assert (done.exit_code, done.output) == (0, f"In the{wanted}\n")
    done = generate("text-lstm", "--prefix", "In the", "--length", "30", "--network", "2", "--temperature", "0")
    assert done.output == "in the" + "".join(pipeline.load("text-lstm", seed=2).generate("in the", 30, 0)) + "\n"


def test_symbols_outside_the_alphabet_are_listed(generate):
    done = generate("text-lstm", "--prefix", "In the “wo", "--length", "5")
    notice = "text-lstm: symbols that are not in its alphabet, read as a space: '“'\n"
    assert (done.exit_code, done.stdout[:9], done.stderr) == (0, "in the wo", notice)
    assert generate("text-lstm", "--prefix", "In the wo", "--length", "5").stderr == ""


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("names-lstm", "--prefix", "K"), "names-lstm: its task is classify"),
        (("text-lstm", "--prefix", ""), "text-lstm: found ''"),
        (("text-lstm", "--prefix", "a", "--temperature", "-1"), "temperature: found -1"),
        (("words-lstm", "--prefix", "az"), "words-lstm: 'az': found symbol 'z'"),
    ],
)
def test_input_that_cannot_be_continued_ends_in_one_line(generate, arguments, found):
    done = generate(*arguments)
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert done.output.startswith(f"Error: {found}; ")


@pytest.mark.parametrize("arguments", [("text-lstm",), ("text-lstm", "--prefix", "a", "--length", "0")])
def test_invalid_arguments_are_refused(generate, arguments):
    assert generate(*arguments).exit_code == 2


def test_symbols_are_printed_at_once_and_ctrl_c_ends_the_command_cleanly(trained_project):
    command = [sys.executable, "-m", "stages.generate", "text-lstm", "--prefix", "in the", "--length", "1000000000"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with running(command, cwd=trained_project, env=environment, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.read(40).startswith("in the")
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=20)
    assert (process.returncode, rest[-1], errors) == (130, "\n", "")


def test_a_closed_pipe_ends_the_command_quietly(trained_project):
    command = [sys.executable, "-m", "stages.generate", "text-lstm", "--prefix", "in the", "--length", "1000000000"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with running(command, cwd=trained_project, env=environment, text=True) as process:
        assert process.stdout.read(6) == "in the"
        process.stdout.close()
        errors = process.stderr.read()
        assert (process.wait(timeout=60), errors) == (141, "")
