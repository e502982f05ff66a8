"""Measure speed and memory of `prepare` as files grow: `python -m benchmarks preparing`."""

import random
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, cycle
from pathlib import Path
from typing import Any

from benchmarks.accounting import run_alone
from benchmarks.measured import Goal, Measured
from benchmarks.projects import DATASETS, LETTERS, SHARES, project_environment, write_params
from pipeline import paths
from pipeline.project import code

TITLE = "Preparing large files"
ABOUT = """`python -m stages.prepare` on made-up files of growing size, each in a process of its own, whose start and
imports count too. *MB/s* are megabytes of the raw file for each processor second. *Peak* is the memory of the process
at its largest; mapped files count in it. A text has capitals, punctuation and a few letters that are not ASCII; its
windows have 20 characters and start at every sixth."""

MEGABYTE = 10**6
SIZES, QUICK_SIZES = (1, 10, 100), (0.1, 0.2)  # of a text, in megabytes
OTHER_SIZE, QUICK_OTHER_SIZE = 10, 1
COLUMNS = ("format", "MB", "processor seconds", "MB/s", "peak MB")
SPEED_GOAL, FLAT_GOAL = 30.0, 1.25
LINES = 1000  # of a block
WORDS = 10_000  # of a text
SHOPS = 1000  # of a series
FIRST_DAY = date(2000, 1, 1)

SERIES = {"format": "series", "date": "date", "store": "store", "item": "item", "sales": "sales", "stores": "all"}
WINDOWS = {"width": 20, "stride": 6, "classes": {"vowel": "aeiou", "consonant": "bcdfghjklmnpqrstvwxyz"}}
BLOCKS: Mapping[str, Mapping[str, Any]] = {
    **DATASETS,
    "series": {**SERIES, "items": "all", "reduce": "mean", "season": 7, **SHARES, "refit": False},
    "windows": {**DATASETS["text"], "format": "windows", **WINDOWS},
}


HEADERS = {"sums": "x,y\n", "names": "name,language\n", "series": "date,store,item,sales\n"}


@dataclass(frozen=True)
class Preparation:
    """What a preparation took: megabytes of the file, processor seconds, and the peak of its memory in megabytes."""

    format: str
    size: float
    seconds: float
    peak: float

    @property
    def speed(self) -> float:
        """Megabytes for each processor second."""
        return self.size / self.seconds


def measure(quick: bool = False) -> Measured:
    """Prepare texts of three sizes, and a file of each other format."""
    sizes = QUICK_SIZES if quick else SIZES
    texts = [prepare("text", size) for size in sizes]
    others = [prepare(name, QUICK_OTHER_SIZE if quick else OTHER_SIZE) for name in BLOCKS if name != "text"]
    rows = tuple((one.format, one.size, one.seconds, one.speed, one.peak) for one in (*texts, *others))
    speed, growth = texts[-1].speed, texts[-1].peak / texts[-2].peak
    wanted = f"at most {FLAT_GOAL} times the memory of a text of {sizes[-2]} MB for one of {sizes[-1]} MB"
    goals = (
        Goal(f"a text of {sizes[-1]} MB at {SPEED_GOAL:.0f} MB/s or more", speed, speed >= SPEED_GOAL, "MB/s"),
        Goal(wanted, growth, growth <= FLAT_GOAL, "times"),
    )
    return Measured(COLUMNS, rows, goals)


def prepare(name: str, size: float) -> Preparation:
    """Prepare a made-up file of a format, of so many megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        raw = write_raw(Path(folder) / "raw", name, size)
        write_params(Path(folder) / paths.PARAMS, {name: {**BLOCKS[name], "raw": "raw"}}, {})
        used = run_alone((sys.executable, "-m", "stages.prepare", name), Path(folder), project_environment(code.ROOT))
        return Preparation(name, raw.stat().st_size / MEGABYTE, used.seconds, used.peak / MEGABYTE)


def write_raw(path: Path, name: str, size: float) -> Path:
    """Write a made-up file of a format, of so many megabytes; return its path."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADERS.get(name, ""))
        for block in _blocks(name):
            file.write(block)
            if file.tell() >= size * MEGABYTE:
                break
    return path


def _blocks(name: str) -> Iterator[str]:
    """Yield lines of a made-up file without an end, many at a time."""
    draw = random.Random(1)  # noqa: S311 - it keeps nothing secret
    if name in ("text", "windows"):
        yield from cycle([_text(draw) for _ in range(30)])
    for number in count(0, LINES):
        rows = range(number, number + LINES)
        yield "".join(f"{_line(name, row, draw)}\n" for row in rows)


def _text(draw: random.Random) -> str:
    words = ["".join(draw.choices(LETTERS, k=draw.randint(1, 9))) for _ in range(WORDS)]
    words += [word.capitalize() for word in words[::9]] + [f"{word}," for word in words[::8]] + ["it’s", "naïve"]
    return "".join(" ".join(draw.choices(words, k=12)) + ".\n" for _ in range(LINES))


def _line(name: str, row: int, draw: random.Random) -> str:
    word = "".join(draw.choices(LETTERS, k=8))
    lines = {
        "words": word,
        "sums": f"{row / 8} {row % 97},{row / 8 + row % 97}",
        "names": f"{word}{row},{LETTERS[row % 5]}",
        "series": f"{FIRST_DAY + timedelta(row // SHOPS)},{row % 10},{row % SHOPS // 10},{row % 89}",
    }
    return lines[name]
