"""Commands side by side: what they print, and how the others end when one fails."""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import click
import psutil
import pytest

from pipeline.errors import PipelineError
from pipeline.execution import parallel
from tests.support.processes import running, wait
from tests.support.small import REPOSITORY

FAILS = """
import os, time
while not os.path.exists("waiting"):
    time.sleep(0.02)
print("no such file")
print()
raise SystemExit(3)
"""
WAITS = """
import os, time
from pipeline.execution import lifecycle
os.environ["DVC_STAGE"] = "as DVC sets it for the commands that it runs"
lifecycle.stop_when_dvc_ends()
open("waiting", "w").close()
time.sleep(100)
open("ended", "w").close()
"""
COUNTS = """
import os, time
for number in range(50):
    print(number, flush=True)
    time.sleep(0.02)
while not os.path.exists("continued"):
    time.sleep(0.02)
"""
RUN = "import click; from pipeline.execution import parallel; parallel.run(dict.fromkeys('ab', {}), 2, click.echo)"


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
    with pytest.raises(PipelineError, match=r"^names: failed, see its lines above; the others were stopped$"):
        run({"names": python(FAILS), "words": python(WAITS), "never": never}, at_once=2)
    assert not (here / "ended").exists()  # the other is not waited for
    assert not (here / "started").exists()
    output, errors = capfd.readouterr()
    assert output == "names | no such file\n"
    assert errors == ""


def test_one_that_is_killed_is_reported():
    with pytest.raises(PipelineError, match=r"^names: ended by signal 9; the others were stopped$"):
        run({"names": python("import os; os.kill(os.getpid(), 9)")}, at_once=1)


def test_ctrl_c_while_they_are_started_stops_all(here, monkeypatch):
    def interrupted(self, *args):
        raise KeyboardInterrupt

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run({"names": python("open('started', 'w')")}, at_once=1)
    assert not (here / "started").exists()


def test_ctrl_z_suspends_all_until_they_are_continued(here):
    program = RUN.format(python(COUNTS))
    with running(python(program), cwd=here, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, text=True) as process:
        parent = psutil.Process(process.pid)
        wait(lambda: len(parent.children()) == 2)
        for number in (signal.SIGTSTP, signal.SIGCONT) * 2:
            os.kill(process.pid, number)
            suspended = number == signal.SIGTSTP
            wait(
                lambda now=suspended: all((each.status() == "stopped") == now for each in (parent, *parent.children()))
            )
            assert len(parent.children()) == 2
        (here / "continued").touch()
        output, errors = process.communicate(timeout=20)
    assert sorted(output.split("\n")) == sorted(["", *(f"{name} | {number}" for name in "ab" for number in range(50))])
    assert (process.returncode, errors) == (0, "")


def test_ctrl_c_after_ctrl_z_ends_all(here):
    program = RUN.format(python(WAITS))
    with running(python(program), cwd=here, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, text=True) as process:
        parent = psutil.Process(process.pid)
        wait(lambda: len(parent.children()) == 2 and (here / "waiting").exists())
        children = parent.children()
        os.kill(process.pid, signal.SIGTSTP)
        wait(lambda: all(each.status() == "stopped" for each in (parent, *children)))
        for number in (signal.SIGINT, signal.SIGCONT):
            os.kill(process.pid, number)
        process.communicate(timeout=20)
        assert not [each for each in children if each.is_running()]
    assert process.returncode
