"""Commands side by side: what they print, and what becomes of the others when one ends badly."""

import sys
import time

import pytest

from pipeline import team
from pipeline.errors import UserError

FAILS = """
import os, time
while not os.path.exists("waiting"):
    time.sleep(0.02)
print("no such file")
print()
raise SystemExit(3)
"""
WAITS = """
import time
open("waiting", "w").close()
time.sleep(100)
"""


def python(program):
    return [sys.executable, "-c", program]


def test_each_line_has_the_name_of_its_command(capfd):
    team.run({"one": python("print('a'); print(); print('b')"), "three": python("print('c')")}, at_once=1)
    assert capfd.readouterr().out == "  one | a\n  one | b\nthree | c\n"


def test_one_that_fails_stops_the_others_and_is_named(here, capfd):
    started = time.monotonic()
    with pytest.raises(UserError, match=r"^names: failed, as it says above; what ran beside it was stopped$"):
        team.run({"names": python(FAILS), "words": python(WAITS), "never": python("print('begun')")}, at_once=2)
    assert time.monotonic() - started < 20
    output, errors = capfd.readouterr()
    assert output == "names | no such file\n"
    assert errors == ""
