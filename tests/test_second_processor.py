"""Trainings give the same bytes on this processor and on another one.

valgrind shows the program that it runs a processor of its own: one of Intel's with AVX2 and without AVX-512.
On any other make or model it is a second machine at hand.
"""

import os
import shutil
import subprocess
import sys

import pytest

from pipeline import cells, numerics
from tests import second_processor
from tests.small import REPOSITORY

CURE = "valgrind is not installed; install it (Debian: apt-get install valgrind)"
TRAIN = [sys.executable, "-m", "tests.second_processor"]


def digests(*before):
    done = subprocess.run([*before, *TRAIN], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    return dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())


@pytest.fixture
def second_processor_here():
    if caveat := numerics.caveat():
        pytest.skip(f"the bytes are not promised here: {caveat}")
    if not shutil.which("valgrind"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(CURE)


def test_every_cell_learns_the_same_on_a_second_processor(second_processor_here):
    here = digests()
    assert len(set(here.values())) == len(cells.BUILDERS) * len(second_processor.LESSONS)
    assert digests("valgrind", "--quiet", "--tool=none") == here
