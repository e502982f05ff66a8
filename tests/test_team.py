"""Commands side by side: what they print, and what becomes of the others when one ends badly."""

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from pipeline import team
from pipeline.errors import UserError
from tests.processes import running, wait
from tests.small import REPOSITORY

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
from pipeline import orphans
os.environ["DVC_STAGE"] = "as DVC says to the commands that it runs"
orphans.end_with_dvc()
open("waiting", "w").close()
time.sleep(100)
"""
COUNTS = """
import time
for number in range(50):
    print(number, flush=True)
    time.sleep(0.05)
"""


def python(program):
    return [sys.executable, "-c", program]


def test_each_line_has_the_name_of_its_command(capfd):
    team.run({"one": python("print('a'); print(); print('b')"), "three": python("print('c')")}, at_once=1)
    assert capfd.readouterr().out == "  one | a\n  one | b\nthree | c\n"


def test_one_that_fails_stops_the_others_and_is_named(here, monkeypatch, capfd):
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    never = python("open('begun', 'w')")
    started = time.monotonic()
    with pytest.raises(UserError, match=r"^names: failed, as it says above; what ran beside it was stopped$"):
        team.run({"names": python(FAILS), "words": python(WAITS), "never": never}, at_once=2)
    assert time.monotonic() - started < 20
    assert not (here / "begun").exists()
    output, errors = capfd.readouterr()
    assert output == "names | no such file\n"
    assert errors == ""


def test_one_that_is_killed_says_so():
    with pytest.raises(UserError, match=r"^names: ended by signal 9; what ran beside it was stopped$"):
        team.run({"names": python("import os; os.kill(os.getpid(), 9)")}, at_once=1)


def test_ctrl_c_while_they_are_started_stops_all(here, monkeypatch):
    def interrupted(self, *args):
        raise KeyboardInterrupt

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        team.run({"names": python("open('begun', 'w')")}, at_once=1)
    assert not (here / "begun").exists()


def test_ctrl_z_halts_all_until_they_are_continued():
    program = f"from pipeline import team; team.run(dict.fromkeys('ab', {python(COUNTS)!r}), 2)"
    with running(python(program), cwd=REPOSITORY, text=True) as process:
        first = psutil.Process(process.pid)
        wait(lambda: len(first.children()) == 2)
        for number in (signal.SIGTSTP, signal.SIGCONT) * 2:
            os.kill(process.pid, number)
            halted = number == signal.SIGTSTP
            wait(lambda now=halted: all((each.status() == "stopped") == now for each in (first, *first.children())))
            assert len(first.children()) == 2
        output, errors = process.communicate(timeout=20)
    assert sorted(output.split("\n")) == sorted(["", *(f"{name} | {number}" for name in "ab" for number in range(50))])
    assert (process.returncode, errors) == (0, "")


def test_ctrl_c_after_ctrl_z_ends_all(here):
    program = f"from pipeline import team; team.run(dict.fromkeys('ab', {python(WAITS)!r}), 2)"
    with running(python(program), cwd=here, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, text=True) as process:
        first = psutil.Process(process.pid)
        wait(lambda: len(first.children()) == 2 and (here / "waiting").exists())
        family = first.children()
        os.kill(process.pid, signal.SIGTSTP)
        wait(lambda: all(each.status() == "stopped" for each in (first, *family)))
        for number in (signal.SIGINT, signal.SIGCONT):
            os.kill(process.pid, number)
        process.communicate(timeout=20)
        assert not [each for each in family if each.is_running()]
    assert process.returncode
