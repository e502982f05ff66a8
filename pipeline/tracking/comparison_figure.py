"""The figure of a comparison: each model with its interval, beside baselines, bound and published figures.

The axis is that of the models, the strong baseline and the bound: a weak baseline far off would squeeze them together,
so it is a mark at the edge, and its value stands beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.evaluation.canvas import COLOURS, figure_file
from pipeline.evaluation.plots import LOG_RATIO
from pipeline.params.schema import BASELINE, BOUND
from pipeline.report.format import format_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLES = {"model": (COLOURS[0], "o"), BASELINE: ("#666666", "s"), BOUND: ("#222222", "D")}
PUBLISHED_COLOUR = COLOURS[1]
LONG = 1e7  # a larger value is written with a power of ten, as its digits would leave no room for the lines
MARGIN, EDGE = 0.06, 0.012  # of the axis
LINE_HEIGHT, FRAME_HEIGHT, WIDTH = 0.42, 1.7, 9.0  # inches


@dataclass(frozen=True)
class Line:
    """A model, a baseline or the bound with its headline."""

    name: str
    kind: str
    value: float
    low: float | None  # the ends of its interval, if it has one
    high: float | None
    published: float | None  # the published value of the same figure, if there is one

    @property
    def is_in_range(self) -> bool:
        """Return whether the axis has to show all of it."""
        return self.kind != BASELINE or self.name == BASELINE

    @property
    def values(self) -> list[float]:
        """Return all values that are plotted."""
        return [value for value in (self.value, self.low, self.high, self.published) if value is not None]


def plot(lines: Sequence[Line], path: Path, title: str, label: str) -> None:
    """Plot a line for each model, the first one at the top.

    Args:
        lines: What to show.
        path: The PNG file to write.
        title: The title of the figure.
        label: The label of the axis.
    """
    with figure_file(path, title, FRAME_HEIGHT + LINE_HEIGHT * max(len(lines), 1), WIDTH) as figure:
        axes = figure.subplots()
        _set_range(axes, lines)
        for place, line in enumerate(lines):
            _plot_line(axes, place, line)
        axes.set_yticks(range(len(lines)), [line.name for line in lines], parse_math=False)
        axes.set_ylim(len(lines) - 0.5, -0.5)
        axes.set_xlabel(label)
        _write_values(axes, lines)
        handles, labels = axes.get_legend_handles_labels()
        unique = dict(zip(labels, handles, strict=True))
        if unique:
            figure.legend(unique.values(), unique.keys(), loc="outside lower center", ncols=4, frameon=False)


def _set_range(axes: "Axes", lines: Sequence[Line]) -> None:
    """Fix the axis, with a margin on either side; logarithmic where the values differ too much for another one."""
    values = [value for line in lines if line.is_in_range for value in line.values]
    if not values:
        return
    low, high = min(values), max(values)
    if low > 0 and high / low > LOG_RATIO:
        axes.set_xscale("log")
        axes.set_xlim(low / (high / low) ** MARGIN, high * (high / low) ** MARGIN)
    else:
        margin = MARGIN * (high - low) or 1.0
        axes.set_xlim(low - margin, high + margin)


def _plot_line(axes: "Axes", place: int, line: Line) -> None:
    """Plot a value with its interval; the bound also as a line through all others."""
    colour, marker = STYLES[line.kind]
    low, high = axes.get_xlim()
    if not low <= line.value <= high:
        edge, arrow = (EDGE, "<") if line.value < low else (1 - EDGE, ">")
        axes.plot(
            [edge], [place], arrow, color=colour, markersize=8, transform=axes.get_yaxis_transform(), clip_on=False
        )
        return
    if line.low is not None and line.high is not None:
        axes.plot([line.low, line.high], [place, place], color=colour, linewidth=2.5, alpha=0.6, solid_capstyle="butt")
    axes.plot([line.value], [place], marker, color=colour, markersize=8, linestyle="none", label=line.kind)
    if line.kind == BOUND:
        axes.axvline(line.value, color=colour, linestyle=":", linewidth=1.2)
    if line.published is not None:
        axes.plot([line.published], [place], "*", color=PUBLISHED_COLOUR, markersize=14, label="published")


def _write_values(axes: "Axes", lines: Sequence[Line]) -> None:
    """Write each value with its interval at the right end of its line."""
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(lines)), [_format(line) for line in lines])
    right.tick_params(length=0)


def _format(line: Line) -> str:
    if abs(line.value) >= LONG:
        return f"{line.value:.2e}"
    ends = {"low": line.low, "high": line.high}
    known = {name: end for name, end in ends.items() if end is not None}
    return format_interval({"value": line.value, **known})
