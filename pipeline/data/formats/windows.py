"""Windows cut from a text, each labelled with the class of the character that follows it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.data.formats.text import EncodedText, describe_cleaning, describe_passage, scan
from pipeline.data.prepared import Draft
from pipeline.data.vocabulary import Symbols, Vocabulary
from pipeline.errors import DataError
from pipeline.params.schema import WindowsParams

Labels = NDArray[np.int32]
NO_CLASS = -1


def draft(params: WindowsParams, folder: Path | None) -> Draft:
    """Split the text by position, then cut each split: no window and no next character is in another split."""
    summary, vocabulary, sizes = scan(params, params.width + 1)
    encoded = EncodedText(params, vocabulary)
    classes = dict(sorted(params.classes.items()))
    class_of = _class_table(classes, vocabulary)
    splits = {}
    for split, size in sizes.items():
        splits[split] = _cut_windows(encoded.take(size), class_of, params)
        if not len(splits[split]["labels"]):
            where = f"{params.raw}: {split} split of {size} characters"
            raise DataError(f"{where}: found no window followed by a character of a class; wanted some")
    labels = np.concatenate([arrays["labels"] for arrays in splits.values()])
    counts = np.bincount(labels, minlength=len(classes)).tolist()
    return Draft(
        "windows",
        splits,
        vocabulary,
        dict(zip(classes, counts, strict=True)),
        passage=describe_passage(params, summary),
        issues=(describe_cleaning(params),),
    )


def _cut_windows(stream: Symbols, class_of: Labels, params: WindowsParams) -> Mapping[str, NDArray[Any]]:
    """Return the windows (n, width), their lengths (n,), labels (n,), and the class after each symbol (n, width)."""
    starts = np.arange(0, len(stream) - params.width, params.stride)
    kept = starts[class_of[stream[starts + params.width]] != NO_CLASS]
    following = sliding_window_view(class_of[stream[1:]], params.width)[kept]
    return {
        "symbols": sliding_window_view(stream, params.width)[kept],
        "lengths": np.full(len(kept), params.width, dtype=np.int32),
        "labels": following[:, -1],
        "following": following,
    }


def _class_table(classes: Mapping[str, str], vocabulary: Vocabulary) -> Labels:
    """Return the class of each id, as its index among the classes."""
    table = np.full(vocabulary.size, NO_CLASS, dtype=np.int32)
    for index, members in enumerate(classes.values()):
        table[vocabulary.encode(members)] = index
    return table
