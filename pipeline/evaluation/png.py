"""Write a figure as a small PNG file, because Git keeps every version of it and of the report that contains it.

A figure has thousands of colours, nearly all of them on the smooth edges of letters and lines. Its file keeps the most
frequent colours and those farthest from them; every other colour becomes the nearest of these.
"""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

FREQUENT, FARTHEST = 32, 32  # colours of a palette
IntArray = NDArray[np.int64]


def save(figure: "Figure", path: Path) -> None:
    """Write a figure with a small palette; the same pixels give the same bytes."""
    from PIL import Image

    content = BytesIO()
    figure.savefig(content, format="png")
    _quantise(Image.open(content).convert("RGB")).save(path, format="PNG", optimize=True)


def _quantise(image: "Image") -> "Image":
    """Return an RGB image with the colours of its palette alone."""
    from PIL import Image

    red, green, blue = (np.asarray(band, dtype=np.int64).ravel() for band in image.split())
    codes, pixels, counts = np.unique(red << 16 | green << 8 | blue, return_inverse=True, return_counts=True)
    colours = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    palette = _choose_palette(colours, counts)
    nearest = np.argmin(_squared_distances(colours, palette), axis=1).astype(np.uint8)
    quantised = Image.frombytes("P", image.size, nearest[pixels].tobytes())
    quantised.putpalette(palette.astype(np.uint8).tobytes())
    return quantised


def _choose_palette(colours: IntArray, counts: IntArray) -> IntArray:
    """Return the most frequent colours, and then, one by one, the farthest from all that are chosen already."""
    palette = colours[np.argsort(-counts, kind="stable")[:FREQUENT]]
    distances = _squared_distances(colours, palette).min(axis=1)
    for _ in range(FARTHEST):
        if not distances.any():
            break
        farthest = colours[[np.argmax(distances)]]
        palette = np.concatenate([palette, farthest])
        distances = np.minimum(distances, _squared_distances(colours, farthest)[:, 0])
    return palette


def _squared_distances(colours: IntArray, palette: IntArray) -> IntArray:
    """Return the squared distance of each colour (rows) from each colour of the palette (columns)."""
    squares: IntArray = np.square(colours[:, None] - palette[None]).sum(axis=2)
    return squares
