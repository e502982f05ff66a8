"""From a raw file to a prepared data set: one module a format, one shape for all."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline import artifacts
from pipeline.datasets import archives, labelled, pairs, series, text, windows, words
from pipeline.datasets.prepared import Draft, Prepared, assemble
from pipeline.datasets.reading import existing
from pipeline.settings import (
    DatasetSettings,
    LabelledSettings,
    PairsSettings,
    SeriesSettings,
    TextSettings,
    WindowsSettings,
    WordsSettings,
)

DRAFTS: Mapping[type[DatasetSettings], Callable[[Any, Path | None], Draft]] = {
    WordsSettings: words.draft,
    PairsSettings: pairs.draft,
    SeriesSettings: series.draft,
    LabelledSettings: labelled.draft,
    TextSettings: text.draft,
    WindowsSettings: windows.draft,
}


def prepare(name: str, settings: DatasetSettings, folder: Path | None = None) -> Prepared:
    """Clean, split and encode a data set.

    With a `folder`, the one that `write` gets later, long streams go there at once and come back
    memory-mapped; without one they are held in memory. A UserError tells the first fault of the raw file.
    """
    raw = existing(Path(settings.raw))
    draft = DRAFTS[type(settings)](settings, folder)
    pattern = settings.members if isinstance(settings, LabelledSettings) else ""
    return assemble(name, settings, artifacts.sha256(*archives.files(raw, pattern)), draft)
