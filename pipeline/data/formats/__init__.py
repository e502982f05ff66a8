"""The formats of raw data: a module for each, and one registry."""

from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.data.formats.base import Draft, Format
from pipeline.data.formats.labelled import Labelled
from pipeline.data.formats.pairs import Pairs
from pipeline.data.formats.series import Series
from pipeline.data.formats.text import Text
from pipeline.data.formats.windows import Windows
from pipeline.data.formats.words import Words
from pipeline.data.prepared import DataCard, Prepared, content_digest
from pipeline.data.readers import check_exists
from pipeline.params.datasets import DatasetParams

FORMATS: dict[str, Format[Any]] = {
    "words": Words(),
    "pairs": Pairs(),
    "series": Series(),
    "labelled": Labelled(),
    "text": Text(),
    "windows": Windows(),
}


def prepare(name: str, params: DatasetParams, folder: Path | None = None) -> Prepared:
    """Clean, split and encode a data set; see `Format.draft` for `folder`.

    Raises:
        DataError: if the raw file cannot be used; the message names the first error in it.
    """
    check_exists(Path(params.raw))
    draft = FORMATS[params.format].draft(params, folder)
    return Prepared(_data_card(name, params, draft), draft.vocabulary, tuple(draft.classes), draft.splits)


def _data_card(name: str, params: DatasetParams, draft: Draft) -> DataCard:
    source = FORMATS[params.format]
    return DataCard(
        dataset=name,
        format=params.format,
        task=params.task,
        raw=params.raw,
        raw_sha256=files.sha256(*source.raw_files(params)),
        unit=source.unit,
        rows={split: len(next(iter(arrays.values()))) for split, arrays in draft.splits.items()},
        symbols=draft.vocabulary.size if draft.vocabulary else None,
        unknown=draft.vocabulary.unknown if draft.vocabulary else None,
        classes=draft.classes or None,
        season=draft.season,
        scaling=draft.scaling,
        passage=draft.passage,
        issues=draft.issues,
        refit=params.refit,
        digest=content_digest(draft.vocabulary, tuple(draft.classes), draft.splits),
    )
