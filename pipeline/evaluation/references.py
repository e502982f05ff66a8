"""What the models of a data set are compared with, on disk: stage `baseline` writes it and `evaluate` reads it.

A folder has references.json, with what each baseline and the bound are, in words; predictions as arrays in
NAME/SPLIT; and a manifest. Metrics are in references.json only where there are no predictions to compute them from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import Field

from pipeline import files, manifest
from pipeline.data.prepared import DataCard
from pipeline.determinism import Reproducibility
from pipeline.evaluation.about import Reference
from pipeline.files import Arrays
from pipeline.params.schema import Block

FILE = "references.json"


@dataclass(frozen=True)
class MetricsOnly:
    """The metrics of a split without predictions of its items: all that a bound or a compressor has."""

    metrics: Mapping[str, float]


SplitResult: TypeAlias = Arrays | MetricsOnly  # arrays with an entry for each item, under the task's names


@dataclass(frozen=True)
class FittedReference:
    """A baseline or the bound, in words, and its result on each split; a bound may have none."""

    words: Reference
    results: Mapping[str, SplitResult]


@dataclass(frozen=True)
class FittedReferences:
    """All of a data set, by name."""

    by_name: Mapping[str, FittedReference]
    reproducibility: Reproducibility


class StoredReference(Block):
    """A baseline or the bound in references.json."""

    words: Reference
    splits: Mapping[str, Mapping[str, float] | None]  # metrics; None where there are predictions


class StoredReferences(Block):
    """The content of references.json."""

    dataset: str
    prepared_digest: str  # of the data that they were fitted to
    reproducibility: Reproducibility
    references: Annotated[Mapping[str, StoredReference], Field(min_length=1)]


def write(references: FittedReferences, card: DataCard, folder: Path) -> None:
    """Write the baselines and the bound of a data set into an existing folder."""
    for name, of in references.by_name.items():
        for split, result in of.results.items():
            if not isinstance(result, MetricsOnly):
                files.write_arrays(folder / name / split, result)
    stored = {
        name: StoredReference(
            words=of.words,
            splits={split: _metrics(result) for split, result in of.results.items()},
        )
        for name, of in references.by_name.items()
    }
    content = StoredReferences(
        dataset=card.dataset,
        prepared_digest=card.digest,
        reproducibility=references.reproducibility,
        references=stored,
    )
    files.write_json(folder / FILE, content.model_dump(mode="json"))
    manifest.write(folder)


def _metrics(result: SplitResult) -> Mapping[str, float] | None:
    return result.metrics if isinstance(result, MetricsOnly) else None
