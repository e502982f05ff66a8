"""What all figures have in common: style, panels, legends, and files with the same bytes for the same content.

Text is as large as that of the report's page, because a phone shows the figures at half their size. The colours are
those of Okabe and Ito, which people with any kind of colour vision can tell apart.
"""

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]
Rows = Sequence[Row]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 12.0,
    "axes.titlesize": 13.0,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
WIDTH, HEIGHT, DPI = 7.0, 4.2, 100


@contextmanager
def figure_file(path: Path, title: str, height: float = HEIGHT, width: float = WIDTH) -> Iterator["Figure"]:
    """Yield an empty figure in a fixed style, and save it to `path` at the end of the block."""
    import matplotlib
    from matplotlib.figure import Figure
    from PIL import Image

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # ignore the user's own matplotlibrc
        matplotlib.rcParams.update(STYLE)
        figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
        figure.suptitle(textwrap.fill(title, int(6.5 * width)), fontsize=STYLE["axes.titlesize"], fontweight="bold")
        yield figure
        figure.savefig(path, format="png")
    # With few colours it is a third as large: Git keeps every version of it, and of the report that contains it.
    with Image.open(path) as image:
        reduced = image.convert("RGB").quantize(method=Image.Quantize.MAXCOVERAGE, kmeans=1)
    reduced.save(path, format="PNG", optimize=True)


def make_panels(figure: "Figure", count: int, columns: int, x_label: str = "epoch") -> list["Axes"]:
    """Return panels of the same scale; the lowest of each column has the label of the x axis."""
    grid = figure.subplots(math.ceil(count / columns), columns, sharex=True, sharey=True, squeeze=False)
    axes: list[Axes] = list(grid.flat)
    for index, panel in enumerate(axes):
        if index >= count:
            panel.set_axis_off()
        elif index + columns >= count:
            panel.set_xlabel(x_label)
            panel.tick_params(labelbottom=True)
    return axes[:count]


def label_unit(figure: "Figure", axes: Sequence["Axes"], unit: str) -> None:
    """Label the y axis of the only panel, or of all panels at once."""
    if len(axes) == 1:
        axes[0].set_ylabel(unit)
    else:
        figure.supylabel(unit, fontsize="medium")


def add_legend(figure: "Figure", axes: "Axes", columns: int) -> None:
    """Put the legend below the panels, where it hides nothing: training left, validation right."""
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda index: labels[index].endswith("validation"))
    if order:
        ordered = [handles[index] for index in order], [labels[index] for index in order]
        figure.legend(*ordered, loc="outside lower center", ncols=columns, frameon=False, fontsize="small")


def parse_number(entry: str | float) -> float:
    """Return a table's entry as a number; NaN, which leaves a gap in a line, if it is empty or infinite."""
    value = math.nan if entry == "" else float(entry)
    return value if math.isfinite(value) else math.nan
