"""The memory that `prepare` needs for large raw files."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support import project

MEGABYTE = 10**6
LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", np.uint8)
DIGITS = np.frombuffer(b"0123456789", np.uint8)

# A process starts with the peak of the one that has started it, so a small one does.
MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def draw(symbols: np.ndarray, rows: int, width: int) -> np.ndarray:
    return symbols[np.random.default_rng(rows).integers(0, len(symbols), (rows, width))]


def lines(rows: int, *columns: bytes | np.ndarray) -> bytes:
    """Return lines whose columns are the same text in each, or a text of one width (rows, width)."""
    parts = [
        np.broadcast_to(np.frombuffer(column, np.uint8), (rows, len(column))) if isinstance(column, bytes) else column
        for column in columns
    ]
    return np.concatenate([*parts, np.full((rows, 1), ord("\n"), np.uint8)], 1).tobytes()


def write_words(size: int) -> bytes:
    return lines(size // 9, draw(LETTERS, size // 9, 8))


def write_pairs(size: int) -> bytes:
    rows = size // 12
    numbers = draw(DIGITS, rows, 9)
    return b"x,y\n" + lines(rows, numbers[:, :3], b" ", numbers[:, 3:6], b",", numbers[:, 6:])


def write_labelled(size: int) -> bytes:
    return b"name,language\n" + lines(size // 24, draw(LETTERS, size // 24, 20), b",", draw(LETTERS[:5], size // 24, 1))


def write_series(size: int) -> bytes:
    rows = size // 21
    shops = 5000
    days = np.datetime64("2000-01-01") + np.arange(rows) // shops
    dates = np.frombuffer("".join(days.astype(str)).encode(), np.uint8).reshape(rows, 10)
    keys = np.frombuffer("".join(f"{shop:04}" for shop in range(shops)).encode(), np.uint8).reshape(shops, 4)
    keys = keys[np.arange(rows) % shops]
    header = b"date,store,item,sales\n"
    return header + lines(rows, dates, b",", keys[:, :2], b",", keys[:, 2:], b",", draw(DIGITS, rows, 3))


def write_text(size: int) -> bytes:
    block = draw(np.frombuffer(b"abcdefghijklmnopqrstuvwxyz      ", np.uint8), MEGABYTE, 1).tobytes()
    return block * (size // MEGABYTE)


FILES: dict[str, Callable[[int], bytes]] = {
    "words": write_words,
    "sums": write_pairs,
    "names": write_labelled,
    "sales": write_series,
    "text": write_text,
    "vowels": write_text,
}
CHANGES = {
    "words": {"alphabet": project.LETTERS.strip(), "refit": False},
    "vowels": {"stride": 6, "width": 20},
}


def peak(here: Path, name: str, size: int) -> float:
    """Return the megabytes that preparing a raw file of `size` bytes needs."""
    block = project.DATASETS[name] | CHANGES.get(name, {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(project.DATASETS, name, block)
        (here / "params.yaml").write_text(project.params_text([name]))
    (here / block["raw"]).write_bytes(FILES[name](size))
    environment = os.environ | {"PYTHONPATH": str(project.REPOSITORY)}
    command = [sys.executable, "-c", MEASURED, sys.executable, "-m", "stages.prepare", name]
    done = subprocess.run(command, cwd=here, env=environment, stdout=subprocess.PIPE, check=True)
    assert (here / "data/prepared" / name / "data_card.json").exists()
    return int(done.stdout) * 1024 / MEGABYTE


@pytest.mark.services
@pytest.mark.parametrize("name", FILES)
def test_a_hundred_megabytes_of_every_format_need_about_a_gigabyte_at_most(here, name):
    less, more = (peak(here, name, size * MEGABYTE) for size in (10, 30))  # it grows in proportion to the file
    assert more + (100 - 30) * (more - less) / (30 - 10) < 1100


@pytest.mark.parametrize("name", ["vowels"])
def test_memory_grows_by_less_than_nine_times_the_file(here, name):
    less, more = (peak(here, name, size * MEGABYTE) for size in (1, 4))
    assert more - less < 9 * 3
