"""Commands side by side: what they print, and how the others end when one fails."""

import os
import signal
import sys

import click
import pytest

from pipeline.errors import PipelineError
from pipeline.execution import parallel
from tests.support.processes import running, wait
from tests.support.project import REPOSITORY

FAILS = """
import os, time
while not os.path.exists("waiting"):
    time.sleep(0.02)
print("no such file")
print()
raise SystemExit(3)
"""
STAGE = """
import os, time
from pipeline.execution import lifecycle
os.environ["DVC_STAGE"] = "as DVC sets it for the commands that it runs"
lifecycle.end_with_dvc()
open("waiting", "w").close()
time.sleep(100)
open("ended", "w").close()
"""
DVC = """
import os, time
open("waiting", "w").close()
while not os.path.exists("continued"):
    time.sleep(0.02)
open("ended", "w").close()
"""
RUN = "import click; from pipeline.execution import parallel; parallel.run({{'a': {}}}, 1, click.echo)"


def python(program):
    return [sys.executable, "-c", program]


def run(commands, at_once):
    parallel.run(commands, at_once, click.echo)


def test_each_line_has_the_name_of_its_command(capfd):
    run({"one": python("print('a'); print(); print('b')"), "three": python("print('c')")}, at_once=1)
    assert capfd.readouterr().out == "  one | a\n  one | b\nthree | c\n"


def test_one_that_fails_stops_the_others_and_is_named(here, monkeypatch, capfd):
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    never = python("open('started', 'w')")
    with pytest.raises(PipelineError, match=r"^names: failed"):
        run({"names": python(FAILS), "words": python(STAGE), "never": never}, at_once=2)
    assert not (here / "ended").exists()  # the other is not waited for
    assert not (here / "started").exists()
    output, errors = capfd.readouterr()
    assert output == "names | no such file\n"
    assert errors == ""


def test_one_that_is_killed_is_reported():
    with pytest.raises(PipelineError, match=r"^names: ended by signal 9; the others were stopped$"):
        run({"names": python("import os; os.kill(os.getpid(), 9)")}, at_once=1)


def test_ctrl_c_stops_all(here, monkeypatch):
    def interrupted(*args, **kwargs):
        wait((here / "waiting").exists)
        raise KeyboardInterrupt

    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setattr(parallel, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run({"names": python(STAGE), "never": python("open('started', 'w')")}, at_once=1)
    assert not (here / "ended").exists()
    assert not (here / "started").exists()


def test_ctrl_c_reaches_no_command_and_the_run_waits_for_them(here):
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with running(python(RUN.format(python(DVC))), cwd=here, env=environment) as process:
        wait((here / "waiting").exists)
        os.killpg(process.pid, signal.SIGINT)  # to all of its process group, as a terminal does
        (here / "continued").touch()
        process.communicate(timeout=20)
    assert (here / "ended").exists()
    assert process.returncode
