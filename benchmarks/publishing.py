"""Time how long all results of a project take into MLflow: `python -m benchmarks.publishing`.

The command of stage `publish` runs in a process of its own, the import of MLflow included, with a SQLite store in a
temporary folder: first an empty one, then the same again. Nothing of the project changes but the date of its receipt.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from pipeline.errors import TrackingError
from pipeline.tracking import failures
from stages.command import reports_errors

LINE = "{:12} {:>8} {:>8}  {}"


@click.command()
@click.option("--again", default=3, show_default=True, type=click.IntRange(1), help="Further publications.")
@reports_errors
def main(again: int) -> None:
    """Print the seconds, and the processor seconds among them, of a first publication and of further ones."""
    click.echo(LINE.format("store", "seconds", "CPU", "database"))
    with tempfile.TemporaryDirectory() as name:
        database = Path(name) / "mlflow.db"
        digest = ""
        for number in range(1 + again):
            seconds, processor_seconds = publish(name)
            before, digest = digest, hashlib.sha256(database.read_bytes()).hexdigest()
            size = f"{database.stat().st_size / 10**6:.1f} MB"
            change = "unchanged" if before == digest else "changed"
            label, note = ("again", change) if number else ("empty", size)
            click.echo(LINE.format(label, f"{seconds:.1f}", f"{processor_seconds:.1f}", note))


def publish(folder: str) -> tuple[float, float]:
    """Publish into the store of a folder; return the seconds that it took, and those of processors."""
    environment = {key: value for key, value in os.environ.items() if key != failures.URI} | {"DVC_ROOT": folder}
    before, started = os.times(), time.monotonic()
    command = [sys.executable, "-m", "stages.publish"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds, after = time.monotonic() - started, os.times()
    if done.returncode:
        raise TrackingError(done.stderr.strip().removeprefix("Error: "))
    return seconds, after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    main()
