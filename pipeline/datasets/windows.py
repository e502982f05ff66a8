"""Windows cut from a text, each labelled with the class of the character that follows it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.codec import Codec, Symbols
from pipeline.datasets.prepared import Draft
from pipeline.datasets.text import Encoded, passage, surveyed, treatment
from pipeline.errors import UserError
from pipeline.settings import WindowsSettings

Labels = NDArray[np.int32]
NONE = -1


def draft(settings: WindowsSettings, folder: Path | None) -> Draft:
    """Split the text by position, then cut each part: no window and no follower crosses into another part."""
    found, codec, shared = surveyed(settings, settings.width + 1)
    stream = Encoded(settings, codec)
    classes = dict(sorted(settings.classes.items()))
    label_of = _label_of(classes, codec)
    splits = {}
    for split, size in shared.items():
        splits[split] = _windows(stream.take(size), label_of, settings)
        if not len(splits[split]["labels"]):
            where = f"{settings.raw}: {split} split of {size} characters"
            raise UserError(f"{where}: found no window followed by a character of a class; wanted some")
    labels = np.concatenate([arrays["labels"] for arrays in splits.values()])
    counts = np.bincount(labels, minlength=len(classes)).tolist()
    return Draft(
        "windows",
        splits,
        codec,
        dict(zip(classes, counts, strict=True)),
        passage=passage(settings, found),
        faults=(treatment(settings),),
    )


def _windows(stream: Symbols, label_of: Labels, settings: WindowsSettings) -> Mapping[str, NDArray[Any]]:
    """Return the windows (n, width) of a stream, their lengths (n,), labels (n,), and the class after each symbol."""
    starts = np.arange(0, len(stream) - settings.width, settings.stride)
    kept = starts[label_of[stream[starts + settings.width]] != NONE]
    following = sliding_window_view(label_of[stream[1:]], settings.width)[kept]
    return {
        "symbols": sliding_window_view(stream, settings.width)[kept],
        "lengths": np.full(len(kept), settings.width, dtype=np.int32),
        "labels": following[:, -1],
        "following": following,
    }


def _label_of(classes: Mapping[str, str], codec: Codec) -> Labels:
    """Return the class of each id, by its place among the classes."""
    table = np.full(codec.size, NONE, dtype=np.int32)
    for place, members in enumerate(classes.values()):
        table[codec.encode(members)] = place
    return table
