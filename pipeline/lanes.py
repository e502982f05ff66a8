"""Which stages run side by side: those of each data set in a lane, which is a DVC of its own, one stage at a time.

A single DVC leaves cores without work between two trainings, while Python starts, torch is imported and dvc.lock is
read and written. DVC's locks keep the lanes out of each other's way, as they keep any two commands.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from pipeline import engine
from pipeline.settings import Settings

DVC = (sys.executable, "-m", "dvc")
LOCK = Path("dvc.lock")
MOST = 4  # lanes: so many keep a dozen cores at work, or a GPU


@dataclass(frozen=True)
class Lane:
    """Stages in the order in which they run: those of a data set, under its name."""

    name: str
    stages: tuple[str, ...]


def lanes(params: Settings) -> tuple[Lane, ...]:
    """Return a lane for each data set."""
    return tuple(
        Lane(name, (f"prepare@{name}", *(f"train@{model}" for model in params.models_of(name)), f"evaluate@{name}"))
        for name in params.datasets
    )


def before(params: Settings) -> Lane:
    """Return the stages that come before those of all data sets."""
    return Lane("sources", ("code", *(f"fetch@{name}" for name in params.sources)))


def at_once() -> int:
    """Return how many lanes keep all cores at work: each trains some networks side by side, but not all the time.

    Each takes as many workers as a single `dvc repro` would; who allows that only one gets one lane.
    """
    count = engine.cores()
    lanes = min(MOST, max(2, count // 2)) if count > 1 else 1
    return engine.workers(lanes) if os.environ.get(engine.WORKERS) else lanes


def recorded(all_lanes: Sequence[Lane]) -> list[Lane]:
    """Return the lanes whose stages dvc.lock knows: DVC appends others as they end, side by side in no fixed order."""
    text = LOCK.read_text(encoding="utf-8", errors="replace") if LOCK.exists() else ""
    known = set(re.findall(r"^  (\S+):$", text, re.MULTILINE))
    return [lane for lane in all_lanes if known.issuperset(lane.stages)]


def unfinished(params: Settings) -> list[Lane]:
    """Return the lanes in which there is something to do; none where DVC refuses to say, as it will to run."""
    done = subprocess.run([*DVC, "status", "--json"], capture_output=True, text=True)
    if done.returncode:
        return []
    click.echo(done.stderr, nl=False, err=True)  # locks that were left by who was killed
    changed = set(json.loads(done.stdout))
    touched = changed & {*before(params).stages}
    return [lane for lane in recorded(lanes(params)) if touched or changed & {*lane.stages}]


def others(run: Sequence[Lane]) -> list[str]:
    """Return the stages of dvc.yaml that are in none of these lanes, in the order in which they stand there."""
    done = subprocess.run([*DVC, "stage", "list", "--name-only"], stdout=subprocess.PIPE, text=True, check=True)
    known = {stage for lane in run for stage in lane.stages}
    return [stage for stage in done.stdout.split() if stage not in known]


def command(stages: Sequence[str], force: bool) -> list[str]:
    """Return the command that runs these stages and no other, one after the other."""
    return [*DVC, "--wait-for-lock", "repro", *(["--force"] if force else []), "--single-item", *stages]
