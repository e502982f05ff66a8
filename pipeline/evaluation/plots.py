"""Plot tables as PNG files: the same rows give the same bytes.

Text is as large as that of the report's page, because a phone shows the figures at half their size. The colours are
those of Okabe and Ito, which people with any kind of colour vision can tell apart.
"""

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.evaluation.confusions import count_by_truth, most_confused
from pipeline.models.storage import ALL_ROWS, TRAIN
from pipeline.params.schema import is_baseline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]
Rows = Sequence[Row]
Line = list[tuple[int, float, float, float]]  # epoch; mean, lowest and highest over seeds

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
BASELINE_COLOUR = "#6E6E6E"
BASELINE_STYLES = ("--", ":", "-.", (0, (6, 2, 1, 2, 1, 2)))
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 12.0,
    "axes.titlesize": 13.0,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
WIDTH, HEIGHT, DPI = 7.0, 4.2, 100
SHADES = 20  # of a confusion matrix, so that they all fit into the palette of a small file
MAX_SHARED = 3  # models in one panel; more get a panel each
MAX_SHARED_FORECASTS = 2  # likewise, beside the truth and the baselines
LOG_RATIO = 100.0  # losses with a larger ratio of highest to lowest get a logarithmic axis
SHORT = 12  # characters of a class that needs no more room
LOSS_STYLES = {"train_loss": ("training", "--"), "validation_loss": ("validation", "-")}


def plot_curves(rows: Rows, path: Path, title: str, unit: str) -> None:
    """Plot each model's losses by epoch: the mean over its seeds, in a band from lowest to highest.

    Args:
        rows: Rows of curves.csv.
        path: The PNG file to write.
        title: The title of the figure.
        unit: The label of the losses' axis.
    """
    models = list(dict.fromkeys(row["model"] for row in rows))
    lines = {model: loss_lines([row for row in rows if row["model"] == model]) for model in models}
    shared = len(models) <= MAX_SHARED
    panels = 1 if shared else len(models)
    columns = 1 if shared else 2
    height = HEIGHT if shared else 1.2 + 2.6 * math.ceil(panels / columns)
    with _figure(path, title, height) as figure:
        axes = _panels(figure, panels, columns)
        for index, model in enumerate(models):
            panel = axes[0 if shared else index]
            _plot_losses(panel, lines[model], COLOURS[index if shared else 0], model if shared else "")
            if not shared:
                panel.set_title(model)
        if needs_log_scale(lines):
            axes[0].set_yscale("log")
        _label_unit(figure, axes, unit)
        _legend(figure, axes[0], columns=2)


def plot_confusion(rows: Rows, path: Path, title: str, names: Mapping[str, str] | None = None) -> None:
    """Plot a confusion matrix: the share of the true class as colour, counts as numbers.

    Args:
        rows: Rows of confusion.csv, of one model.
        path: The PNG file to write.
        title: The title of the figure.
        names: What stands in place of some classes.
    """
    from matplotlib import colormaps

    classes, totals = most_confused(rows), count_by_truth(rows)
    labels = [(names or {}).get(name, name) for name in classes]
    cells = {(row["truth"], row["prediction"]): int(row["count"]) for row in rows}
    counts = [[cells.get((truth, prediction), 0) for prediction in classes] for truth in classes]
    shares = [
        [count / max(totals.get(truth, 0), 1) for count in line] for truth, line in zip(classes, counts, strict=True)
    ]
    longest = max(map(len, labels))
    size = max(5.2, min(9.0, 3.0 + 0.34 * len(classes))) + 0.08 * max(longest - SHORT, 0)
    if len(totals) > len(classes):
        title = f"{title}; the {len(classes)} most confused of {len(totals)} classes"
    with _figure(path, title, size * 0.88, size) as figure:
        axes = figure.subplots()
        axes.grid(visible=False)
        image = axes.imshow(shares, cmap=colormaps["Blues"].resampled(SHADES), vmin=0.0, vmax=1.0)
        level = len(classes) < 4 and longest <= SHORT
        axes.set_xticks(range(len(classes)), labels, rotation=0 if level else 90, parse_math=False)
        axes.set_yticks(range(len(classes)), labels, parse_math=False)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        figure.colorbar(image, ax=axes, label="share of the true class", fraction=0.046, pad=0.03)
        if labels != classes:
            figure.supxlabel("The table classes.csv has the numbered classes in full.", fontsize="small")
        _write_counts(axes, counts, shares)


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
    shared = len(models) <= MAX_SHARED_FORECASTS
    panels = [models] if shared else [[model] for model in models]
    height = HEIGHT if shared else 1.2 + 2.0 * len(panels)
    with _figure(path, title, height) as figure:
        axes = _panels(figure, len(panels), 1, "date")
        for panel, panel_models in zip(axes, panels, strict=True):
            _plot_references(panel, rows, baselines if shared else baselines[:1])
            for colour, model in zip(COLOURS, panel_models, strict=False):
                label = model if shared else "model"
                _plot_column(panel, rows, model, color=colour, linewidth=1.4, label=label)
            if not shared:
                panel.set_title(panel_models[0])
        _label_unit(figure, axes, "value of the day")
        _legend(figure, axes[0], columns=3)


def _plot_references(axes: "Axes", rows: Rows, baselines: Sequence[str]) -> None:
    """Plot the true values and the baselines' forecasts over an axis of dates."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    _plot_column(axes, rows, "truth", color="black", linewidth=1.8, label="truth")
    for name, style in zip(baselines, cycle(BASELINE_STYLES), strict=False):
        _plot_column(axes, rows, name, color=BASELINE_COLOUR, linestyle=style, label=name)
    locator = AutoDateLocator(maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    offsets = ["", *["%Y"] * 5]  # beside ticks of months or less: the year alone, as the ticks name the months
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, offset_formats=offsets))  # type: ignore[no-untyped-call]


def _plot_column(axes: "Axes", rows: Rows, name: str, **style: Any) -> None:
    dates = [date.fromisoformat(row["date"]) for row in rows]
    axes.plot(dates, [_number(row[name]) for row in rows], **style)  # type: ignore[arg-type]  # matplotlib takes dates


@contextmanager
def _figure(path: Path, title: str, height: float = HEIGHT, width: float = WIDTH) -> Iterator["Figure"]:
    """Yield an empty figure in a fixed style, and save it to `path` at the end of the block."""
    import matplotlib
    from matplotlib.figure import Figure
    from PIL import Image

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # ignore the user's own matplotlibrc
        matplotlib.rcParams.update(STYLE)
        figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
        figure.suptitle(textwrap.fill(title, int(7 * width)), fontsize=STYLE["axes.titlesize"], fontweight="bold")
        yield figure
        figure.savefig(path, format="png")
    # With few colours it is a third as large: Git keeps every version of it, and of the report that contains it.
    with Image.open(path) as image:
        reduced = image.convert("RGB").quantize(method=Image.Quantize.MAXCOVERAGE, kmeans=1)
    reduced.save(path, format="PNG", optimize=True)


def loss_lines(rows: Rows) -> dict[str, Line]:
    """Return the lines of a model's training and validation losses, by column.

    They are those of the fit to the training rows, or to all rows if there is no other.
    """
    fit = TRAIN if any(row["fit"] == TRAIN for row in rows) else ALL_ROWS
    of_fit = [row for row in rows if row["fit"] == fit]
    return {column: line for column in LOSS_STYLES if (line := _over_seeds(of_fit, column))}


def _over_seeds(rows: Rows, column: str) -> Line:
    """Return each epoch's mean, lowest and highest loss over the seeds that reached it."""
    values: dict[int, list[float]] = {}
    for row in rows:
        if not math.isnan(value := _number(row[column])):
            values.setdefault(int(row["epoch"]), []).append(value)
    return [(epoch, sum(losses) / len(losses), min(losses), max(losses)) for epoch, losses in sorted(values.items())]


def _number(entry: str | float) -> float:
    """Return a table's entry as a number; NaN, which leaves a gap in a line, if it is empty or infinite."""
    value = math.nan if entry == "" else float(entry)
    return value if math.isfinite(value) else math.nan


def _panels(figure: "Figure", count: int, columns: int, x_label: str = "epoch") -> list["Axes"]:
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


def _plot_losses(axes: "Axes", lines: Mapping[str, Line], colour: str, model: str) -> None:
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)  # whole epochs
    for column, line in lines.items():
        label, style = LOSS_STYLES[column]
        epochs, mean, low, high = zip(*line, strict=True)
        marker = ("s" if style == "--" else "o") if len(epochs) == 1 else None
        axes.plot(epochs, mean, style, color=colour, marker=marker, label=f"{model} {label}".strip())
        axes.fill_between(epochs, low, high, color=colour, alpha=0.18, linewidth=0)


def needs_log_scale(lines: Mapping[str, Mapping[str, Line]]) -> bool:
    """Return whether the losses need a logarithmic axis."""
    means = [point[1] for of_model in lines.values() for line in of_model.values() for point in line]
    return bool(means) and min(means) > 0 and max(means) / min(means) > LOG_RATIO


def _label_unit(figure: "Figure", axes: Sequence["Axes"], unit: str) -> None:
    """Label the y axis of the only panel, or of all panels at once."""
    if len(axes) == 1:
        axes[0].set_ylabel(unit)
    else:
        figure.supylabel(unit, fontsize="medium")


def _legend(figure: "Figure", axes: "Axes", columns: int) -> None:
    """Put the legend below the panels, where it hides nothing: training left, validation right."""
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda index: labels[index].endswith("validation"))
    if order:
        ordered = [handles[index] for index in order], [labels[index] for index in order]
        figure.legend(*ordered, loc="outside lower center", ncols=columns, frameon=False, fontsize="small")


def _write_counts(axes: "Axes", counts: Sequence[Sequence[int]], shares: Sequence[Sequence[float]]) -> None:
    """Write each count that is not zero into its square, light on dark and dark on light."""
    size = max(7.5, 13.0 - 0.28 * len(counts))
    for row, line in enumerate(counts):
        for column, count in enumerate(line):
            if count:
                colour = "white" if shares[row][column] > 0.5 else "black"
                axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=size)
