"""The best model of a data set, which is a candidate for its champion."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pipeline import files, paths
from pipeline.evaluation import about
from pipeline.evaluation.about import About
from pipeline.params import Params
from pipeline.tracking import descriptions, gates, model_files
from pipeline.tracking.gates import Metrics

PASSED, BLOCKED = "passed", "blocked"


@dataclass(frozen=True)
class Candidate:
    """The best model of a data set by validation rows."""

    dataset: str
    name: str
    params: Params
    about: About
    metrics: Mapping[str, Metrics]  # of the model, by split
    run: str  # the id of its run

    @cached_property
    def digest(self) -> str:
        """Return the digest of all that a version consists of."""
        return model_files.digest(self.dataset, self.name, self.params)

    @cached_property
    def failures(self) -> list[str]:
        """Return the gates that the model does not meet."""
        bounds = self.params.gates.get(self.dataset, {})
        return list(gates.failed_gates(self.dataset, bounds, self.metrics.get("test", {}), self.about))

    @property
    def verdict(self) -> str:
        """Return whether it passes the gates, as the tag of its version says."""
        return f"{BLOCKED}: {'; '.join(self.failures)}" if self.failures else PASSED

    @property
    def description(self) -> str:
        """Return what MLflow's pages say of it."""
        return descriptions.describe_version(self.dataset, self.name, self.about)


def read_candidate(dataset: str, params: Params, run_ids: Mapping[str, str]) -> Candidate | None:
    """Return the best model of a data set, or None if nothing says which one is.

    Args:
        dataset: The data set.
        params: All params.
        run_ids: The id of the run of each of its models.

    Raises:
        DataError: if results are missing or damaged.
    """
    folder = paths.results(dataset)
    of = about.read(folder)
    if not of.ranking:
        return None
    name = of.ranking[0]
    return Candidate(dataset, name, params, of, files.read_json(folder / "metrics.json")[name], run_ids[name])
