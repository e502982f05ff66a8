"""Log one training from its spool: epoch by epoch once it has run for a while, and whole when it has ended."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from pipeline.evaluation.stored import Rows
from pipeline.params.models import ModelParams
from pipeline.tracking import curves, experiments, identity, metric_names, records, store
from pipeline.tracking.live import LiveRun
from pipeline.tracking.records import Record, SeedRecord
from pipeline.training import spool
from pipeline.training.timings import SeedTime

if TYPE_CHECKING:
    from mlflow import MlflowClient


class TrainingLog:
    """What is known of a training, and the run that shows it while it runs."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self.path, self.file = path, file
        self.start: dict[str, Any] = {}
        self.end: dict[str, Any] = {}
        self.epochs: list[spool.Event] = []  # that the run does not show yet
        self.is_killed = self.is_over = False
        self.run: LiveRun | None = None

    def read(self) -> None:
        """Read what the training has written since the last call."""
        was_written = spool.is_written(self.file)
        for event in spool.read(self.file):
            if event["event"] == spool.START:
                self.start = dict(event)
            elif event["event"] == spool.EPOCH:
                self.epochs.append(event)
            else:
                self.end = dict(event)
        self.is_killed = not was_written and not self.end

    def is_due(self, seconds: float) -> bool:
        """Return whether there is something to log: the training has ended, or has run for so long."""
        ended = bool(self.end) or self.is_killed
        return ended or (bool(self.start) and time.time() - self.start["time"] >= seconds)

    def log(self, client: "MlflowClient") -> None:
        """Log the next part, in one call of MLflow while the training runs."""
        if self.end or self.is_killed:
            self._finish(client)
            return
        if self.run is None:
            experiment = store.get_experiment(client, self.start["params"]["dataset"])
            self.run = LiveRun(
                client, experiment, self._record(), [str(seed) for seed in self.start["params"]["seeds"]]
            )
        self.run.add(self.epochs)
        self.epochs = []
        self.run.log(client)

    def close(self) -> None:
        """Stop what observes the training."""
        if self.run is not None:
            self.run.close()

    def _finish(self, client: "MlflowClient") -> None:
        """Log the whole of a training that has ended; one that was killed is left to be resumed."""
        self.close()
        if self.end:
            experiment = store.get_experiment(client, self.start["params"]["dataset"])
            experiments.publish_record(client, experiment, self._record(), {})
        elif self.run is not None:
            self.run.end_killed(client)
        if self.path.exists() and os.path.samestat(self.path.stat(), os.fstat(self.file.fileno())):
            self.path.unlink(missing_ok=True)  # no later training of the model has begun
        self.file.close()
        self.is_over = True

    def _record(self) -> Record:
        """Return the record of the training, which has no results before its end."""
        identity.refresh()
        model, params = self.start["model"], ModelParams.model_validate(self.start["params"])
        card = records.read_card(params.dataset)
        rows = [spool.row(epoch) for epoch in self.end.get("epochs", [])]
        times = {seed: SeedTime(**time) for seed, time in self.end.get("times", {}).items()}
        return Record(
            name=model,
            kind="model",
            dataset=params.dataset,
            data_card=card,
            key=identity.model_key(model, params, card, identity.code_digest()),
            digest="",
            params=records.model_params(params, self.end),
            metrics=metric_names.name_cost(sum(time.seconds for time in times.values()), len(rows)),
            curves=curves.mean(rows),
            seeds=tuple(self._seed_record(seed, rows, time) for seed, time in times.items()),
            tags={"status": records.describe_status(self.end["seeds"])} if self.end else {},
            changes=identity.changed_params(model, params),
            started=self.start["time"],
        )

    def _seed_record(self, seed: str, rows: Rows, time: SeedTime) -> SeedRecord:
        cost = metric_names.name_cost(time.seconds, sum(row["seed"] == seed for row in rows))
        return SeedRecord(int(seed), self.end["seeds"][seed]["status"], cost, curves.of_seed(rows, seed), time)
