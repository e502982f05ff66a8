"""Measure what a training pays for being shown in MLflow while it runs."""

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

from benchmarks.measured import Measured, NotHereError, ratios
from pipeline import paths
from pipeline.execution import background
from pipeline.params import find_block, load_params
from pipeline.project import code

TITLE = "Being shown in MLflow"
ABOUT = """\
What a training pays for being shown in MLflow while it runs: whole runs of `stages.train names-gru` in turns, not
shown, shown from the first second on in a store of the project, and with a server that takes connections and never
answers. Seconds by the clock, and the median of the ratios to the one not shown.
"""

WITHOUT, STORE, HANGING = "not shown", "shown, store of the project", "shown, a server that hangs"
MODEL, QUICK_MODEL = "names-gru", "binary-lstm"
ROUNDS = 5
LIVE, QUICK_LIVE = "1", "0"  # seconds after which a training is shown


def measure(quick: bool = False) -> Measured:
    """Train a model in turns with each way of showing it."""
    model, rounds, live = (QUICK_MODEL, 1, QUICK_LIVE) if quick else (MODEL, ROUNDS, LIVE)
    if not paths.prepared(find_block(load_params().models, model, "models").dataset).exists():
        raise NotHereError("the data are not prepared; run `make repro` first")
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
    rows = [
        (kind, statistics.median(taken), statistics.median(ratios(taken, seconds[WITHOUT])))
        for kind, taken in seconds.items()
    ]
    return Measured(("training", "s", "ratio"), tuple(rows))


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
