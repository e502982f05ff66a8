"""Complete the runs of a store: add what it lacks of all results, and leave what it has."""

from dataclasses import dataclass

from pipeline.execution import background
from pipeline.params import Params
from pipeline.tracking import experiments, records, store
from pipeline.tracking.experiments import ADDED, COMPLETED, ELSEWHERE, EXISTING
from pipeline.training import spool


@dataclass(frozen=True)
class PublishResult:
    """How many runs were added, completed, and there already, or being written by others; and what is where."""

    added: int
    completed: int
    existing: int
    elsewhere: int
    uri: str  # of the store, without a password
    digests: dict[str, dict[str, str]]  # data set -> model, baseline or bound -> digest of its record
    lines: tuple[str, ...] = ()  # on the models that were registered

    @property
    def description(self) -> str:
        """Return the counts in words, without those that are none."""
        counts = {
            "new": self.added,
            "completed": self.completed,
            "there already": self.existing,
            "being written by others": self.elsewhere,
        }
        parts = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        return f"{sum(counts.values())} runs in MLflow ({parts})"


def publish(params: Params) -> PublishResult:
    """Publish all results that the store does not have yet, and wait for the process that logs while stages run.

    Raises:
        DataError: if results are missing or damaged.
        ParamsError: if MLFLOW_TRACKING_URI has no form that MLflow knows.
        TrackingError: if the store cannot be used.
    """
    by_dataset = {dataset: list(records.read_records(dataset, params)) for dataset in params.datasets}
    with background.follower_stopped(), store.connect() as client:
        results = [
            experiments.publish_dataset(client, dataset, dataset_records, params)
            for dataset, dataset_records in by_dataset.items()
        ]
        spool.delete_ended()
    outcomes = [outcome for result in results for outcome in result.outcomes.values()]
    counts = {outcome: outcomes.count(outcome) for outcome in (ADDED, COMPLETED, EXISTING, ELSEWHERE)}
    digests = {dataset: {record.name: record.digest for record in of} for dataset, of in by_dataset.items()}
    lines = tuple(line for result in results for line in result.lines)
    return PublishResult(**counts, uri=store.uri_without_password(), digests=digests, lines=lines)
