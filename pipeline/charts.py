"""Draw tables as PNG files: the same rows give the same bytes.

Text is as large as that of the report's page, because a phone shows these figures at half their size.
The colours are those of Okabe and Ito, which people with any kind of colour vision can tell apart.
"""

import math
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import pictures
from pipeline.references import is_baseline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]
Rows = Sequence[Row]
Line = list[tuple[int, float, float, float]]  # epoch; mean, lowest and highest over seeds

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
BASELINE_COLOUR = "#6E6E6E"
BASELINE_STYLES = ("--", ":")
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 12.0,
    "axes.titlesize": 13.0,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
WIDTH, HEIGHT, DPI = 7.0, 4.2, 100
STEPS = 20  # of the colours of a confusion matrix, so that a small file has them all
TOGETHER = 3  # models that share one panel; more get a panel each
FORECASTS_TOGETHER = 2  # likewise, beside the truth and the baselines
DECADES = 100.0  # a longer range of losses is drawn on a logarithmic axis
COUNTED_CLASSES = 20  # with more, the numbers in a confusion matrix would overlap
STYLES = {"train_loss": ("training", "--"), "validation_loss": ("validation", "-")}


def curves(rows: Rows, path: Path, title: str, unit: str) -> None:
    """Draw each model's losses by epoch: the mean over its seeds, in a band from lowest to highest."""
    models = list(dict.fromkeys(row["model"] for row in rows))
    lines = {model: _lines([row for row in rows if row["model"] == model]) for model in models}
    shared = len(models) <= TOGETHER
    panels = 1 if shared else len(models)
    columns = 1 if shared else 2
    height = HEIGHT if shared else 1.2 + 2.6 * math.ceil(panels / columns)
    with _figure(path, title, height) as figure:
        axes = _panels(figure, panels, columns)
        for number, model in enumerate(models):
            here = axes[0 if shared else number]
            _draw_lines(here, lines[model], COLOURS[number if shared else 0], model if shared else "")
            if not shared:
                here.set_title(model)
        if _spans_decades(lines):
            axes[0].set_yscale("log")
        _say_unit(figure, axes, unit)
        _legend(figure, axes[0], columns=2)


def confusion(rows: Rows, path: Path, title: str) -> None:
    """Draw how each true class was classified: shares of its row as colour, counts as numbers."""
    from matplotlib import colormaps

    classes = sorted({row[side] for row in rows for side in ("truth", "prediction")})
    place = {name: number for number, name in enumerate(classes)}
    counts = [[0] * len(classes) for _ in classes]
    for row in rows:
        counts[place[row["truth"]]][place[row["prediction"]]] += int(row["count"])
    shares = [[count / max(sum(line), 1) for count in line] for line in counts]
    size = max(5.2, min(9.0, 3.0 + 0.34 * len(classes)))
    with _figure(path, title, size * 0.88, size) as figure:
        axes = figure.subplots()
        axes.grid(visible=False)
        image = axes.imshow(shares, cmap=colormaps["Blues"].resampled(STEPS), vmin=0.0, vmax=1.0)
        axes.set_xticks(range(len(classes)), classes, rotation=0 if len(classes) < 4 else 90)
        axes.set_yticks(range(len(classes)), classes)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        figure.colorbar(image, ax=axes, label="share of the true class", fraction=0.046, pad=0.03)
        if len(classes) <= COUNTED_CLASSES:
            _write_counts(axes, counts, shares)


def forecast(rows: Rows, path: Path, title: str) -> None:
    """Draw the true values by date, with the forecasts of the baselines and of each model.

    Many models get a panel each, beside the truth and the strong baseline: in one panel no line could be followed.
    """
    names = [name for name in (rows[0] if rows else ()) if name not in ("date", "truth")]
    baselines, models = ([name for name in names if is_baseline(name) is wanted] for wanted in (True, False))
    shared = len(models) <= FORECASTS_TOGETHER
    panels = [models] if shared else [[model] for model in models]
    height = HEIGHT if shared else 1.2 + 2.0 * len(panels)
    with _figure(path, title, height) as figure:
        axes = _panels(figure, len(panels), 1, "date")
        for here, drawn in zip(axes, panels, strict=True):
            _draw_days(here, rows, baselines if shared else baselines[:1])
            for place, model in enumerate(drawn):
                label = model if shared else "model"
                here.plot(_dates(rows), _column(rows, model), color=COLOURS[place], linewidth=1.4, label=label)
            if not shared:
                here.set_title(drawn[0])
        _say_unit(figure, axes, "value of the day")
        _legend(figure, axes[0], columns=3)


def _draw_days(axes: "Axes", rows: Rows, baselines: Sequence[str]) -> None:
    """Draw the true values and the baselines' forecasts over an axis of dates."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    axes.plot(_dates(rows), _column(rows, "truth"), color="black", linewidth=1.8, label="truth")
    for name, style in zip(baselines, cycle(BASELINE_STYLES), strict=False):
        axes.plot(_dates(rows), _column(rows, name), color=BASELINE_COLOUR, linestyle=style, label=name)
    locator = AutoDateLocator(maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    beside = ["", *["%Y"] * 5]  # of days, months and smaller: the year alone, as the ticks name the months
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, offset_formats=beside))  # type: ignore[no-untyped-call]


def _dates(rows: Rows) -> Any:
    return [date.fromisoformat(row["date"]) for row in rows]


@contextmanager
def _figure(path: Path, title: str, height: float = HEIGHT, width: float = WIDTH) -> Iterator["Figure"]:
    """Yield an empty figure in a fixed style, saved to `path` when it is drawn."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()  # whatever the user's own matplotlibrc says
        matplotlib.rcParams.update(STYLE)
        # Letters that the font lacks are drawn as boxes; the tables have them in full.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
        figure.suptitle(textwrap.fill(title, int(7 * width)), fontsize=STYLE["axes.titlesize"], fontweight="bold")
        yield figure
        pictures.save(figure, path)


def _lines(rows: Rows) -> dict[str, Line]:
    """Return a model's training and validation losses, of its fit to training rows where there is one."""
    fit = "held-out" if any(row["fit"] == "held-out" for row in rows) else "refit"
    kept = [row for row in rows if row["fit"] == fit]
    return {column: line for column in STYLES if (line := _over_seeds(kept, column))}


def _over_seeds(rows: Rows, column: str) -> Line:
    """Return an epoch's mean, lowest and highest loss over those seeds that trained so long."""
    values: dict[int, list[float]] = {}
    for row in rows:
        if (value := _number(row[column])) is not None:
            values.setdefault(int(row["epoch"]), []).append(value)
    return [(epoch, sum(of) / len(of), min(of), max(of)) for epoch, of in sorted(values.items())]


def _number(cell: object) -> float | None:
    """Return a cell as a number, or nothing where it is empty, infinite or not a number."""
    value = float(str(cell)) if cell not in ("", None) else math.nan
    return value if math.isfinite(value) else None


def _column(rows: Rows, name: str) -> list[float]:
    """Return a column with gaps where a cell is empty."""
    found = [_number(row[name]) for row in rows]
    return [math.nan if value is None else value for value in found]


def _panels(figure: "Figure", count: int, columns: int, counted: str = "epoch") -> list["Axes"]:
    """Return panels of the same scale; the lowest of each column says what its axis counts."""
    grid = figure.subplots(math.ceil(count / columns), columns, sharex=True, sharey=True, squeeze=False)
    axes: list[Axes] = list(grid.flat)
    for place, here in enumerate(axes):
        if place >= count:
            here.set_axis_off()
        elif place + columns >= count:
            here.set_xlabel(counted)
            here.tick_params(labelbottom=True)
    return axes[:count]


def _draw_lines(axes: "Axes", lines: Mapping[str, Line], colour: str, model: str) -> None:
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)  # there is no half epoch
    for column, line in lines.items():
        label, style = STYLES[column]
        epochs, mean, low, high = zip(*line, strict=True)
        marker = ("s" if style == "--" else "o") if len(epochs) == 1 else None
        axes.plot(epochs, mean, style, color=colour, marker=marker, label=f"{model} {label}".strip())
        axes.fill_between(epochs, low, high, color=colour, alpha=0.18, linewidth=0)


def _spans_decades(lines: Mapping[str, Mapping[str, Line]]) -> bool:
    """Tell whether the losses need a logarithmic axis."""
    means = [point[1] for of in lines.values() for line in of.values() for point in line]
    return bool(means) and min(means) > 0 and max(means) / min(means) > DECADES


def _say_unit(figure: "Figure", axes: Sequence["Axes"], unit: str) -> None:
    """Write beside one panel, or all of them, what its values are."""
    if len(axes) == 1:
        axes[0].set_ylabel(unit)
    else:
        figure.supylabel(unit, fontsize="medium")


def _legend(figure: "Figure", axes: "Axes", columns: int) -> None:
    """Put the legend below the panels, where it hides nothing; training left, validation right."""
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda place: labels[place].endswith("validation"))
    if order:
        shown = [handles[place] for place in order], [labels[place] for place in order]
        figure.legend(*shown, loc="outside lower center", ncols=columns, frameon=False, fontsize="small")


def _write_counts(axes: "Axes", counts: Sequence[Sequence[int]], shares: Sequence[Sequence[float]]) -> None:
    """Write each count that is not zero into its cell, light on dark and dark on light."""
    size = max(7.5, 13.0 - 0.28 * len(counts))
    for down, line in enumerate(counts):
        for right, count in enumerate(line):
            if count:
                colour = "white" if shares[down][right] > 0.5 else "black"
                axes.text(right, down, str(count), ha="center", va="center", color=colour, fontsize=size)
