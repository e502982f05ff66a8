"""Plot learning curves and confusion matrices as PNG files."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.data.prepared import ALL_ROWS, TRAIN
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
from pipeline.evaluation.confusions import count_by_truth, most_confused

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Line = list[tuple[int, float, float, float]]  # epoch; mean, lowest and highest over seeds

SHADES = 20  # of a confusion matrix, so that they all fit into the palette of a small file
MAX_SHARED = 3  # models in one panel; more get a panel each
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
    with figure_file(path, title, height) as figure:
        axes = make_panels(figure, panels, columns)
        for index, model in enumerate(models):
            panel = axes[0 if shared else index]
            _plot_losses(panel, lines[model], COLOURS[index if shared else 0], model if shared else "")
            if not shared:
                panel.set_title(model)
        if needs_log_scale(lines):
            axes[0].set_yscale("log")
        label_unit(figure, axes, unit)
        add_legend(figure, axes[0], columns=2)


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
    with figure_file(path, title, size * 0.88, size) as figure:
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
        if not math.isnan(value := parse_number(row[column])):
            values.setdefault(int(row["epoch"]), []).append(value)
    return [(epoch, sum(losses) / len(losses), min(losses), max(losses)) for epoch, losses in sorted(values.items())]


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


def _write_counts(axes: "Axes", counts: Sequence[Sequence[int]], shares: Sequence[Sequence[float]]) -> None:
    """Write each count that is not zero into its square, light on dark and dark on light."""
    size = max(7.5, 13.0 - 0.28 * len(counts))
    for row, line in enumerate(counts):
        for column, count in enumerate(line):
            if count:
                colour = "white" if shares[row][column] > 0.5 else "black"
                axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=size)
