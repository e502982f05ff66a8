import os
import signal
import sys

import pytest
from click.testing import CliRunner

import pipeline
from stages.generate import main
from tests.processes import running
from tests.small import REPOSITORY as ROOT


@pytest.fixture
def write(trained_project, monkeypatch):
    monkeypatch.chdir(trained_project)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_a_text_goes_on_from_its_prefix(write):
    done = write("lyrics-lstm", "--prefix", "In the", "--length", "30", "--seed", "3")
    assert done.exit_code == 0
    assert done.output == "In the" + "".join(pipeline.load("lyrics-lstm").generate("In the", 30, 0.8, 3)) + "\n"
    assert write("lyrics-lstm", "--prefix", "In the", "--length", "30", "--seed", "3").output == done.output


def test_one_network_can_write(write):
    done = write("text-lstm", "--prefix", "In the", "--length", "30", "--network", "2", "--temperature", "0")
    assert done.output == "in the" + "".join(pipeline.load("text-lstm", seed=2).generate("in the", 30, 0)) + "\n"


def test_symbols_outside_the_alphabet_are_named(write):
    done = write("text-lstm", "--prefix", "In the “wo", "--length", "5")
    told = "text-lstm: symbols that are not in its alphabet, read as a space: '“'\n"
    assert (done.exit_code, done.stdout[:9], done.stderr) == (0, "in the wo", told)
    assert write("text-lstm", "--prefix", "In the wo", "--length", "5").stderr == ""


def test_a_word_ends(write):
    assert len(write("words-lstm", "--prefix", "a").output) == len("abcd\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("names-lstm", "--prefix", "K"), "names-lstm: its task is classify; only a model of task next-symbol "
         "writes text"),
        (("text-lstm", "--prefix", ""), "text-lstm: found ''; wanted at least one symbol to read"),
        (("text-lstm", "--prefix", "a", "--temperature", "-1"), "temperature: found -1; wanted 0, or a number from "
         "0.001 to 1000"),
        (("words-lstm", "--prefix", "az"), "words-lstm: 'az': found symbol 'z'; wanted one of 'abcde'"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_ends_in_one_line(write, arguments, told):
    done = write(*arguments)
    assert (done.exit_code, done.output) == (1, f"Error: {told}\n")


@pytest.mark.parametrize("arguments", [("text-lstm",), ("text-lstm", "--prefix", "a", "--length", "0")])
def test_arguments_that_do_not_fit_are_refused(write, arguments):
    assert write(*arguments).exit_code == 2


def test_symbols_are_shown_as_they_come_and_ctrl_c_ends_it_clean(trained_project):
    command = [sys.executable, "-m", "stages.generate", "text-lstm", "--prefix", "in the", "--length", "1000000000"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with running(command, cwd=trained_project, env=environment, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.read(40).startswith("in the")
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=20)
    assert (process.returncode, rest[-1], errors) == (130, "\n", "")


def test_a_reader_that_goes_ends_it_quietly(trained_project):
    command = [sys.executable, "-m", "stages.generate", "text-lstm", "--prefix", "in the", "--length", "1000000000"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with running(command, cwd=trained_project, env=environment, text=True) as process:
        assert process.stdout.read(6) == "in the"
        process.stdout.close()
        errors = process.stderr.read()
        assert (process.wait(timeout=60), errors) == (141, "")
