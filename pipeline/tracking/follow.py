"""Log trainings to MLflow while they run, and results once they are there: `python -m pipeline.tracking.follow`.

One such process serves all stages that run in a folder, at the lowest priority. It reads what they write to `.spool`,
and no stage waits for it. It ends when there has been nothing to do for a while, or when `publish` takes over.
"""

import os
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import paths
from pipeline.errors import DataError, PipelineError
from pipeline.execution import background
from pipeline.params import load_params
from pipeline.tracking import experiments, records, store
from pipeline.tracking.training_log import TrainingLog
from pipeline.training import spool

if TYPE_CHECKING:
    from mlflow import MlflowClient

LINGER_SECONDS = 20.0  # the next stage may begin in a moment, and importing MLflow takes seconds
SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_BETWEEN_ATTEMPTS = 60.0  # to reach a store that cannot be used
READS = 10  # of results that DVC may be moving to its cache just now


class Follower:
    """What is open: a log for each training, and how often each result could not be read."""

    def __init__(self) -> None:
        self.logs: dict[int, TrainingLog] = {}  # by the inode of the spool: a new training has a new file
        self.failed = Counter[Path]()
        self.last_work = time.monotonic()

    def run(self) -> None:
        """Log until there has been nothing to do for a while, or `publish` asks for an end."""
        try:
            while not self._is_over():
                self._try_to_serve()
        finally:
            for log in self.logs.values():
                log.close()

    def _try_to_serve(self) -> None:
        """Log for as long as the store can be used; if it cannot, leave one line for the next stage to print."""
        try:
            with store.connect() as client:
                while not self._is_over():
                    self._log_all(client)
                    self._wait(SECONDS_BETWEEN_LOOKS)
        except PipelineError as error:
            background.WARNING.write_text(f"MLflow does not show it while it runs; {error}", encoding="utf-8")
            self._wait(SECONDS_BETWEEN_ATTEMPTS)

    def _log_all(self, client: "MlflowClient") -> None:
        """Log the next part of each training, and results that have been written."""
        self._open_new_spools()
        for log in self.logs.values():
            log.read()
            if log.is_due(background.live_seconds() or 0.0) and not background.STOP.exists():
                log.log(client)
                self.last_work = time.monotonic()
        self.logs = {inode: log for inode, log in self.logs.items() if not log.is_over}
        for path in sorted(paths.SPOOL.glob(f"*{background.DONE}")):
            if not background.STOP.exists():
                self._publish(client, path)
                self.last_work = time.monotonic()

    def _open_new_spools(self) -> None:
        for path in sorted(paths.SPOOL.glob("*.jsonl")):
            if path.stat().st_ino not in self.logs:
                file = path.open(encoding="utf-8")
                self.logs[os.fstat(file.fileno()).st_ino] = TrainingLog(path, file)

    def _publish(self, client: "MlflowClient", done: Path) -> None:
        """Publish the results of the data set that a file names, or of all data sets once the report is there."""
        params, name = load_params(), done.name.removesuffix(background.DONE)
        try:
            for dataset in params.datasets if name == background.REPORT else [name]:
                experiments.publish_dataset(client, dataset, list(records.read_records(dataset, params)), params, False)
        except DataError:
            self.failed[done] += 1
            if self.failed[done] < READS:
                return
        done.unlink(missing_ok=True)

    def _is_over(self) -> bool:
        idle = time.monotonic() - self.last_work > LINGER_SECONDS and not spool.running_models()
        return idle or background.STOP.exists() or not paths.SPOOL.exists()

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._is_over():
            time.sleep(0.2)


def main() -> None:
    """Serve the stages that run in this folder, unless another process does."""
    os.nice(19)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # only what the trainings leave
    lock = background.take_lock(wait=False)
    if lock is None:
        return
    with lock:
        Follower().run()


if __name__ == "__main__":
    main()
