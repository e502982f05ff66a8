"""Write a figure as a small PNG file: Git keeps every version of it, and of the report that holds it.

Of a figure's thousands of colours nearly all lie on the soft edges of letters and lines. So its most frequent colours
stay as they are, and those that are farthest from them follow until there are enough; every other takes the nearest.
"""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

FREQUENT, FARTHEST = 32, 32  # colours of a file
Numbers = NDArray[np.int64]


def save(figure: "Figure", path: Path) -> None:
    """Write a figure in few colours; the same pixels give the same bytes."""
    from PIL import Image

    drawn = BytesIO()
    figure.savefig(drawn, format="png")
    _in_few_colours(Image.open(drawn).convert("RGB")).save(path, format="PNG", optimize=True)


def _in_few_colours(picture: "Image") -> "Image":
    from PIL import Image

    red, green, blue = (np.asarray(band, dtype=np.int64).ravel() for band in picture.split())
    codes, where, counts = np.unique(red << 16 | green << 8 | blue, return_inverse=True, return_counts=True)
    colours = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    kept = _chosen(colours, counts)
    nearest = np.argmin(_distances(colours, kept), axis=1).astype(np.uint8)
    few = Image.frombytes("P", picture.size, nearest[where].tobytes())
    few.putpalette(kept.astype(np.uint8).tobytes())
    return few


def _chosen(colours: Numbers, counts: Numbers) -> Numbers:
    """Return the most frequent colours, and one by one the farthest from all that were chosen."""
    kept = colours[np.argsort(-counts, kind="stable")[:FREQUENT]]
    left = _distances(colours, kept).min(axis=1)
    for _ in range(FARTHEST):
        if not left.any():
            break
        farthest = colours[[np.argmax(left)]]
        kept = np.concatenate([kept, farthest])
        left = np.minimum(left, _distances(colours, farthest)[:, 0])
    return kept


def _distances(colours: Numbers, kept: Numbers) -> Numbers:
    """Return the square of the distance of each colour, a row, from each that was kept, a column."""
    squares: Numbers = np.square(colours[:, None] - kept[None]).sum(axis=2)
    return squares
