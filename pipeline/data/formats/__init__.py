"""One module per raw format; each turns a raw file into a draft of the same form."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.data import archives
from pipeline.data.formats import labelled, pairs, series, text, windows, words
from pipeline.data.prepared import Draft, Prepared, assemble
from pipeline.data.readers import check_exists
from pipeline.params.schema import (
    DatasetParams,
    LabelledParams,
    PairsParams,
    SeriesParams,
    TextParams,
    WindowsParams,
    WordsParams,
)

DRAFTS: Mapping[type[DatasetParams], Callable[[Any, Path | None], Draft]] = {
    WordsParams: words.draft,
    PairsParams: pairs.draft,
    SeriesParams: series.draft,
    LabelledParams: labelled.draft,
    TextParams: text.draft,
    WindowsParams: windows.draft,
}


def prepare(name: str, params: DatasetParams, folder: Path | None = None) -> Prepared:
    """Clean, split and encode a data set.

    Args:
        name: The data set's name.
        params: Its block of params.yaml.
        folder: The folder that `write` gets later. Long streams are written there at once and memory-mapped;
            without a folder they are kept in memory.

    Raises:
        DataError: if the raw file cannot be used; the message names the first error in it.
    """
    raw = check_exists(Path(params.raw))
    draft = DRAFTS[type(params)](params, folder)
    pattern = params.members if isinstance(params, LabelledParams) else ""
    return assemble(name, params, files.sha256(*archives.list_files(raw, pattern)), draft)
