"""Plot series and forecasts by date."""

from collections.abc import Sequence
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.evaluation.canvas import (
    COLOURS,
    HEIGHT,
    Rows,
    add_legend,
    figure_file,
    label_unit,
    make_panels,
    parse_number,
)
from pipeline.params.schema import is_baseline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BASELINE_COLOUR = "#6E6E6E"
BASELINE_STYLES = ("--", ":", "-.", (0, (6, 2, 1, 2, 1, 2)))
MAX_SHARED = 2  # models in one panel, beside the truth and the baselines; more get a panel each


def plot_forecast(rows: Rows, path: Path, title: str) -> None:
    """Plot the true values by date, with the forecasts of the baselines and of each model.

    Many models get a panel each, with the truth and the strong baseline; one panel would have too many lines.

    Args:
        rows: Rows of forecast.csv.
        path: The PNG file to write.
        title: The title of the figure.
    """
    names = [name for name in (rows[0] if rows else ()) if name not in ("date", "truth")]
    baselines, models = ([name for name in names if is_baseline(name) is wanted] for wanted in (True, False))
    shared = len(models) <= MAX_SHARED
    panels = [models] if shared else [[model] for model in models]
    height = HEIGHT if shared else 1.2 + 2.0 * len(panels)
    with figure_file(path, title, height) as figure:
        axes = make_panels(figure, len(panels), 1, "date")
        for panel, panel_models in zip(axes, panels, strict=True):
            _plot_references(panel, rows, baselines if shared else baselines[:1])
            for colour, model in zip(COLOURS, panel_models, strict=False):
                label = model if shared else "model"
                _plot_column(panel, rows, model, color=colour, linewidth=1.4, label=label)
            if not shared:
                panel.set_title(panel_models[0])
        label_unit(figure, axes, "value of the day")
        add_legend(figure, axes[0], columns=3)


def plot_series(rows: Rows, path: Path, title: str) -> None:
    """Plot a whole series by date, each split in its own colour.

    Args:
        rows: Rows of series.csv.
        path: The PNG file to write.
        title: The title of the figure.
    """
    splits = list(dict.fromkeys(row["split"] for row in rows))
    with figure_file(path, title) as figure:
        (axes,) = make_panels(figure, 1, 1, "date")
        for colour, split in zip(COLOURS, splits, strict=False):
            of_split = [row for row in rows if row["split"] == split]
            _plot_column(axes, of_split, "value", color=colour, linewidth=1.0, label=split)
        _label_dates(axes)
        axes.set_ylabel("value of the day")
        if len(splits) > 1:
            add_legend(figure, axes, columns=len(splits))


def _plot_references(axes: "Axes", rows: Rows, baselines: Sequence[str]) -> None:
    """Plot the true values and the baselines' forecasts over an axis of dates."""
    _plot_column(axes, rows, "truth", color="black", linewidth=1.8, label="truth")
    for name, style in zip(baselines, cycle(BASELINE_STYLES), strict=False):
        _plot_column(axes, rows, name, color=BASELINE_COLOUR, linestyle=style, label=name)
    _label_dates(axes)


def _label_dates(axes: "Axes") -> None:
    """Label an axis of dates briefly."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    offsets = ["", *["%Y"] * 5]  # beside ticks of months or less: the year alone, as the ticks name the months
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, offset_formats=offsets))  # type: ignore[no-untyped-call]


def _plot_column(axes: "Axes", rows: Rows, name: str, **style: Any) -> None:
    dates = [date.fromisoformat(row["date"]) for row in rows]
    axes.plot(dates, [parse_number(row[name]) for row in rows], **style)  # type: ignore[arg-type]  # matplotlib takes dates
