"""Measure what a training pays for being shown in MLflow while it runs: `python -m benchmarks.following`.

A model is trained in turns without, with a store of its own, and with a server that takes connections and never
answers. Printed are the median seconds of a whole `stages.train`, and the median of the ratios to the one without.
"""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from pipeline import paths
from pipeline.execution import background
from pipeline.params import find_block, load_params
from pipeline.project import code
from stages.command import reports_errors

LINE = "{:34} {:>9} {:>7}"
WITHOUT, STORE, HANGING = "not shown", "shown, store of the project", "shown, a server that hangs"


@click.command()
@click.option("--model", default="names-rnn", show_default=True, help="One of params.yaml, whose data are prepared.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="Trainings of each kind.")
@click.option("--live", default="5", show_default=True, help="Seconds after which a training is shown.")
@reports_errors
def main(model: str, rounds: int, live: str) -> None:
    """Measure what a training pays for being shown in MLflow while it runs."""
    seconds: dict[str, list[float]] = {WITHOUT: [], STORE: [], HANGING: []}
    with hanging_server() as address:
        environments = {
            WITHOUT: {background.LIVE: background.NEVER},
            STORE: {background.LIVE: live},
            HANGING: {background.LIVE: live, "MLFLOW_TRACKING_URI": address},
        }
        for _ in range(rounds):
            for kind, environment in environments.items():
                seconds[kind].append(time_training(model, environment))
    click.echo(LINE.format(model, "seconds", "ratio"))
    for kind, taken in seconds.items():
        ratio = statistics.median(one / other for one, other in zip(taken, seconds[WITHOUT], strict=True))
        click.echo(LINE.format(kind, f"{statistics.median(taken):.2f}", f"{ratio:.3f}"))


def time_training(model: str, environment: Mapping[str, str]) -> float:
    """Train a model in a temporary project, and return how many seconds that took."""
    dataset = find_block(load_params().models, model, "models").dataset
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copyfile(paths.PARAMS, folder / paths.PARAMS)
        shutil.copytree(paths.prepared(dataset), folder / paths.prepared(dataset))
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DVC_"))}
        all_of_it = inherited | {"PYTHONPATH": str(code.ROOT), **environment}
        started = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "stages.train", model], cwd=folder, env=all_of_it, check=True, capture_output=True
        )
        taken = time.monotonic() - started
        stop_follower(folder)
    return taken


def stop_follower(folder: Path) -> None:
    """Wait until nothing logs for a folder any more."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        with background.follower_stopped():
            pass
    finally:
        os.chdir(before)


@contextmanager
def hanging_server() -> Iterator[str]:
    """Yield the address of a server that takes connections and never answers."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    taken.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    for connection in taken:
        connection.close()


if __name__ == "__main__":
    main()
