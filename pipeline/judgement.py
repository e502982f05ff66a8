"""What is asked of a network in `evaluate`, and what comes back; light to import."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pipeline.references import is_baseline, is_reference

# Arrays with an entry for each scored item, in the order of the data; the keys are the task's own.
Predictions = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Measured:
    """The metrics of a split without predictions of its items, as a limit or a compressor gives them."""

    metrics: Mapping[str, float]


Answer = Predictions | Measured


@dataclass(frozen=True)
class Question:
    """What to judge: a model's network from one seed, or a baseline or the limit, which have no folder."""

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
    """Metrics and predictions of each split; a split is missing where the network diverged.

    A split with metrics has no predictions where it was measured without them.
    """

    model: str
    seed: int
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    caveat: str = ""  # why another machine may come to other figures


@dataclass(frozen=True)
class Judgements:
    """All judgements of a data set: a model's seeds follow each other, baselines and the limit come last."""

    all: tuple[Judgement, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """Return the names of the models, of the baselines and of the limit."""
        return tuple(dict.fromkeys(judgement.model for judgement in self.all))

    @property
    def networks(self) -> tuple[str, ...]:
        """Return the names of the models alone."""
        return tuple(name for name in self.models if not is_reference(name))

    @property
    def baselines(self) -> tuple[str, ...]:
        """Return the names of the baselines, the strong one first."""
        return tuple(name for name in self.models if is_baseline(name))

    @property
    def caveat(self) -> str:
        """Return why another machine may come to other figures; nothing where the bytes are promised."""
        return next((judgement.caveat for judgement in self.all if judgement.caveat), "")

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
