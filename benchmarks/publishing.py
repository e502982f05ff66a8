"""Time how long all results of a project take into MLflow."""

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measured import Measured, NotHereError
from pipeline import paths
from pipeline.tracking import failures

TITLE = "Publishing"
ABOUT = """\
Stage `publish` with a SQLite store in a temporary folder, the import of MLflow included: into an empty store,
registered models included, and again, when it has nothing to write. Seconds by the clock, processor seconds, and the
megabytes of the database. All results of the project have to be there. Nothing changes but the date of the receipt.
"""
NOTES = """\
- **Creating the database** takes MLflow hundreds of transactions. The disk is waited for once, at the end, as the file
  has a temporary name until then.
- **Commits.** With SQLite's log (WAL) a commit waits for the disk only when the log is full. What is lost with the
  power is published again. The log needs a disk of this machine; where the file system is not known to be one, the
  database goes without it.
- **The values of curves** are much of the work of MLflow itself.
- **Through a server** each call takes as long as the server does. MLflow's own check of passwords made that many times
  longer.
"""

AGAIN = 3  # further publications


def measure(quick: bool = False) -> Measured:
    """Publish into an empty store, and again."""
    if not paths.RESULTS.exists():
        raise NotHereError("there are no results; run `make repro` first")
    with tempfile.TemporaryDirectory() as name:
        database = Path(name) / "mlflow.db"
        first = publish(name)
        size, digest = database.stat().st_size / 10**6, hashlib.sha256(database.read_bytes()).hexdigest()
        further = [publish(name) for _ in range(1 if quick else AGAIN)]
        changed = digest != hashlib.sha256(database.read_bytes()).hexdigest()
    again = tuple(statistics.median(times) for times in zip(*further, strict=True))
    rows = (("empty", *first, size), ("again", *again, "changed" if changed else "unchanged"))
    return Measured(("store", "s", "processor s", "database, MB"), rows)


def publish(folder: str) -> tuple[float, float]:
    """Publish into the store of a folder; return the seconds that it took, and those of processors."""
    environment = {key: value for key, value in os.environ.items() if key != failures.URI} | {"DVC_ROOT": folder}
    before, started = os.times(), time.monotonic()
    command = [sys.executable, "-m", "stages.publish"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds, after = time.monotonic() - started, os.times()
    if done.returncode:
        raise NotHereError(done.stderr.strip().removeprefix("Error: "))
    return seconds, after.children_user + after.children_system - before.children_user - before.children_system
