"""What figures and tables show of confusions, so that they stay readable with any number of classes of any name.

Figures are drawn in one font, which comes with matplotlib, so that they are the same on every machine.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_CLASSES = 20  # in a figure; with more, a table has the most frequent pairs alone
MAX_PAIRS = 1000  # of different classes, for each model
MAX_LENGTH = 24  # characters of a class in a figure
REST = ""  # stands for all predicted classes that have no row of their own

Counts = NDArray[np.int64]  # (true classes, predicted classes)


def count_rows(classes: Sequence[str], counts: Counts) -> Iterator[tuple[str, str, int]]:
    """Yield true class, predicted class and count: every pair, or of many classes the most frequent pairs.

    Of many classes, pairs that never occur are left out, and a row with the predicted class `REST` has what is missing
    from the rows of its true class.
    """
    kept = np.ones(counts.shape, dtype=np.bool_)
    if len(classes) > MAX_CLASSES:
        kept = _most_frequent(counts)
    for truth, row in enumerate(counts):
        yield from (
            (classes[truth], classes[column], int(row[column])) for column in np.flatnonzero(kept[truth]).tolist()
        )
        if rest := int(row[~kept[truth]].sum()):
            yield classes[truth], REST, rest


def _most_frequent(counts: Counts) -> NDArray[np.bool_]:
    """Return where the diagonal is, and the largest of the other counts, without zeros."""
    wrong = counts * ~np.eye(len(counts), dtype=np.bool_)
    largest = np.zeros(counts.size, dtype=np.bool_)
    largest[np.argsort(-wrong.ravel(), kind="stable")[:MAX_PAIRS]] = True
    found: NDArray[np.bool_] = (counts > 0) & (largest.reshape(counts.shape) | (wrong != counts))
    return found


def count_by_truth(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the number of rows of each true class."""
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["truth"]] = totals.get(row["truth"], 0) + int(row["count"])
    return totals


def most_confused(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the classes of a figure, in order: all of them, or the `MAX_CLASSES` with the most errors."""
    errors: dict[str, int] = {}
    for row in rows:
        wrong = int(row["count"]) if row["truth"] != row["prediction"] else 0
        for name in {row["truth"], row["prediction"]} - {REST}:
            errors[name] = errors.get(name, 0) + wrong
    return sorted(sorted(errors, key=lambda name: (-errors[name], name))[:MAX_CLASSES])


def format_classes(classes: Sequence[str]) -> dict[str, str]:
    """Return the classes that a figure cannot show as they are, each with what it shows in their place.

    A long one is cut, and has its number. One with a symbol that is not seen, or that the font lacks, is its number.
    """
    shown: dict[str, str] = {}
    for number, name in enumerate(classes):
        if not name.isprintable() or not _glyphs().issuperset(map(ord, name)):
            shown[name] = f"class {number}"
        elif len(name) > MAX_LENGTH:
            shown[name] = f"{name[:MAX_LENGTH].rstrip()}… ({number})"
    return shown


def _glyphs() -> frozenset[int]:
    """Return the code points of the symbols in the font of the figures."""
    import matplotlib  # late: only evaluation makes figures
    from matplotlib.font_manager import get_font

    return frozenset(get_font(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf")).get_charmap())
