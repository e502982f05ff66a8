"""The run of a training that is running, and those of its seeds."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pipeline.evaluation.stored import Rows
from pipeline.tracking import curves, metric_names, runs, store
from pipeline.tracking.records import Record
from pipeline.training import spool

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

Point = tuple[str, int, float, float]  # name, epoch, value, and when it was, in seconds since 1970
MODEL = ""  # in the place of a seed: the run of the model itself
SECONDS_BETWEEN_BEATS = 10.0  # of the model's run, which tell others that it is being written


class LiveRun:
    """Sends the epochs of a training in batches: each call is for one of the runs, that with the most points."""

    def __init__(self, client: "MlflowClient", experiment: str, record: Record, seeds: Sequence[str]) -> None:
        self.experiment, self.record, self.seeds = experiment, record, seeds
        self.waiting: dict[str, list[Point]] = defaultdict(list)  # by seed
        self.ended: dict[tuple[str, str], float] = {}  # of a seed and fit: when its last epoch ended
        self.rows: dict[tuple[str, str], Rows] = {}  # of a fit and epoch that not every seed has reached
        self.runs: dict[str, Run] = {}  # by seed
        self.shown: dict[str, set[tuple[str, int]]] = defaultdict(set)  # points that a run had before, by seed
        self.last_beat = 0.0
        self.monitor: SystemMetricsMonitor | None = None
        found = runs.find(client, experiment, record.key)
        own = found or runs.claim(client, experiment, record)
        self.is_foreign = runs.is_being_written(own)  # the same training runs elsewhere, and is shown from there
        if not self.is_foreign:
            self._open(client, own)

    def _open(self, client: "MlflowClient", own: "Run") -> None:
        """Let the runs that are there say that they run, and begin to observe the machine."""
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        for run in (own, *runs.children(client, own)):
            seed = run.data.tags.get("seed", MODEL)
            self.runs[seed] = run
            names = [name for name in run.data.metrics if metric_names.is_curve(name)]
            self.shown[seed] = {
                (name, point.step) for name in names for point in client.get_metric_history(run.info.run_id, name)
            }
            if run.info.status != "RUNNING":
                client.update_run(run.info.run_id, "RUNNING")
        self.monitor = SystemMetricsMonitor(own.info.run_id, resume_logging=True, tracking_uri=store.uri())  # type: ignore[no-untyped-call]
        self.monitor.start()  # type: ignore[no-untyped-call]

    def add(self, epochs: Iterable[spool.Event]) -> None:
        """Take epochs that have ended."""
        for event in epochs:
            row, when = spool.row(event), event["time"]
            place, epoch = (row["seed"], row["fit"]), int(row["epoch"])
            self._wait(row["seed"], curves.of_seed([row], row["seed"]), when)
            if before := self.ended.get(place):
                self._wait(row["seed"], {metric_names.name_epoch_seconds(row["fit"]): [(epoch, when - before)]}, when)
            self.ended[place] = when
            same = self.rows.setdefault((row["fit"], row["epoch"]), [])
            same.append(row)
            if len(same) == len(self.seeds):  # the mean is that of all seeds
                self._wait(MODEL, curves.mean(self.rows.pop((row["fit"], row["epoch"]))), when)

    def _wait(self, seed: str, found: curves.Curves, when: float) -> None:
        self.waiting[seed] += [(name, epoch, value, when) for name, of in found.items() for epoch, value in of]

    def log(self, client: "MlflowClient") -> None:
        """Send one batch, if there is something to send."""
        if self.is_foreign:
            return
        seed = max((MODEL, *self.waiting), key=lambda seed: len(self.waiting[seed]))
        late = time.time() - self.last_beat > SECONDS_BETWEEN_BEATS
        if late or self.waiting[seed]:
            self._send(client, MODEL if late else seed)

    def _send(self, client: "MlflowClient", seed: str) -> None:
        from mlflow.entities import Metric

        if seed not in self.runs:
            parent, started = self.runs[MODEL].info.run_id, self.waiting[seed][0][-1]
            self.runs[seed] = runs.create_seed(client, self.experiment, self.record, parent, int(seed), started)
        now, run = time.time(), self.runs[seed]
        new = [point for point in self.waiting[seed] if point[:2] not in self.shown[seed]]
        metrics = [Metric(name, value, int(1000 * when), epoch) for name, epoch, value, when in new]
        params = {} if run.data.params else self.record.params if seed == MODEL else {"seed": seed}
        if seed == MODEL:
            self.last_beat = now
        runs.log(client, run.info.run_id, metrics, params, {"heartbeat": str(now)})
        self.waiting[seed] = []

    def end_killed(self, client: "MlflowClient") -> None:
        """Mark the runs as those of a training that was killed."""
        for run in self.runs.values():
            client.set_terminated(run.info.run_id, "KILLED", int(1000 * max(self.ended.values(), default=time.time())))

    def close(self) -> None:
        """Stop observing the machine."""
        if self.monitor is not None:
            self.monitor.finish()  # type: ignore[no-untyped-call]
            self.monitor = None
