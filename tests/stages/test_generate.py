import os
import signal
import sys

import pytest
from click.testing import CliRunner

import pipeline
from stages.generate import main
from tests.support.processes import running
from tests.support.small import REPOSITORY


@pytest.fixture
def generate(trained_project, monkeypatch):
    """Return a function that runs the command in the trained project."""
    monkeypatch.chdir(trained_project)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_a_prefix_is_continued(generate):
    done = generate("lyrics-lstm", "--prefix", "In the", "--length", "30", "--seed", "3")
    assert done.exit_code == 0
    assert done.output == "In the" + "".join(pipeline.load("lyrics-lstm").generate("In the", 30, 0.8, 3)) + "\n"
    assert generate("lyrics-lstm", "--prefix", "In the", "--length", "30", "--seed", "3").output == done.output


def test_the_network_of_one_seed_can_be_used(generate):
    done = generate("text-lstm", "--prefix", "In the", "--length", "30", "--network", "2", "--temperature", "0")
    assert done.output == "in the" + "".join(pipeline.load("text-lstm", seed=2).generate("in the", 30, 0)) + "\n"


def test_symbols_outside_the_alphabet_are_listed(generate):
    done = generate("text-lstm", "--prefix", "In the “wo", "--length", "5")
    notice = "text-lstm: symbols that are not in its alphabet, read as a space: '“'\n"
    assert (done.exit_code, done.stdout[:9], done.stderr) == (0, "in the wo", notice)
    assert generate("text-lstm", "--prefix", "In the wo", "--length", "5").stderr == ""


def test_a_word_ends_at_the_length_of_the_longest_word(generate):
    assert len(generate("words-lstm", "--prefix", "a").output) == len("abcd\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("names-lstm", "--prefix", "K"), "names-lstm: its task is classify; only a model of task next-symbol "
         "writes text"),
        (("text-lstm", "--prefix", ""), "text-lstm: found ''; wanted at least one symbol to read"),
        (("text-lstm", "--prefix", "a", "--temperature", "-1"), "temperature: found -1; wanted 0, or a number from "
         "0.001 to 1000"),
        (("words-lstm", "--prefix", "az"), "words-lstm: 'az': found symbol 'z'; wanted one of 'abcde'"),
    ],
)  # fmt: skip
def test_input_that_cannot_be_continued_ends_in_one_line(generate, arguments, line):
    done = generate(*arguments)
    assert (done.exit_code, done.output) == (1, f"Error: {line}\n")


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
