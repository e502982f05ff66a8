"""What is asked of a network in `evaluate`, and what comes back; light to import."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

BASELINE = "baseline"  # stands among the models of a data set

# Arrays with an entry for each scored item, in the order of the data; the keys are the task's own.
Predictions = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Question:
    """Which network to judge: a model's from one seed, or the baseline, which has no folder."""

    prepared: Path
    model: str
    seed: int
    folder: Path | None


@dataclass(frozen=True)
class Sample:
    """A text that a network wrote."""

    temperature: float
    prefix: str
    text: str


@dataclass(frozen=True)
class Judgement:
    """Metrics and predictions of each split; a split is missing where the network diverged."""

    model: str
    seed: int
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True)
class Judgements:
    """All judgements of a data set: a model's seeds follow each other, the baseline comes last."""

    all: tuple[Judgement, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """Return the names of the models and of the baseline."""
        return tuple(dict.fromkeys(judgement.model for judgement in self.all))

    @property
    def networks(self) -> tuple[str, ...]:
        """Return the names of the models alone."""
        return tuple(name for name in self.models if name != BASELINE)

    def metrics(self, model: str) -> dict[str, dict[str, dict[int, float]]]:
        """Return a model's values by split, metric and seed."""
        found: dict[str, dict[str, dict[int, float]]] = {}
        for judgement in self.all:
            for split, metrics in judgement.metrics.items() if judgement.model == model else ():
                for metric, value in metrics.items():
                    found.setdefault(split, {}).setdefault(metric, {})[judgement.seed] = value
        return found

    def predictions(self, model: str, split: str) -> dict[int, Predictions]:
        """Return a model's predictions of a split by seed; seeds that diverged are missing."""
        return {
            judgement.seed: judgement.predictions[split]
            for judgement in self.all
            if judgement.model == model and split in judgement.predictions
        }
