"""Trainings give the same bytes on this processor and on another one.

valgrind runs a program on a processor that it emulates: one of Intel's with AVX2 and without AVX-512. On any other
make or model, that is a second machine.
"""

import os
import shutil
import subprocess
import sys

import pytest

from pipeline import determinism
from pipeline.models.cells import BUILDERS
from tests.support import second_processor
from tests.support.project import REPOSITORY

CURE = "valgrind is not installed; install it (Debian: apt-get install valgrind)"
TRAIN = [sys.executable, "-m", "tests.support.second_processor"]


def digests(*prefix):
    done = subprocess.run([*prefix, *TRAIN], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    return dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())


@pytest.fixture
def valgrind():
    if (level := determinism.reproducibility()) != "portable":
        pytest.skip(f"this machine promises only {determinism.DESCRIPTIONS[level]}")
    if not shutil.which("valgrind"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(CURE)


@pytest.mark.services
def test_every_cell_learns_the_same_on_a_second_processor(valgrind):
    here = digests()
    assert len(set(here.values())) == len(BUILDERS) * len(second_processor.TRAININGS)
    assert digests("valgrind", "--quiet", "--tool=none") == here
