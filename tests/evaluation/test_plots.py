import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageColor

from pipeline.evaluation import canvas, plots, series_plots
from tests.support.project import REPOSITORY


def history(*models: str, fit: str = "train") -> list[dict[str, Any]]:
    return [
        {"model": model, "seed": seed, "fit": fit, "epoch": epoch, "learning_rate": 0.1}
        | {"train_loss": 3 / epoch + seed / 10 + index, "validation_loss": 4 / epoch if fit == "train" else ""}
        for index, model in enumerate(models)
        for seed in (1, 2)
        for epoch in range(1, 5)
    ]


def confusion(*classes: str) -> list[dict[str, Any]]:
    return [{"model": "m", "truth": a, "prediction": b, "count": 9 if a == b else 1} for a in classes for b in classes]


DAYS = [
    {"date": f"2011-09-{day:02}", "truth": str(day), "baseline": "3.5", "baseline-naive": "4", "gru": str(day - 0.5)}
    | {"lost": ""}  # a model that diverged
    for day in range(1, 29)
]


def test_means_and_bands_are_over_the_seeds_that_reached_the_epoch() -> None:
    rows = [
        {"model": "m", "seed": 1, "fit": "train", "epoch": "1", "train_loss": "2", "validation_loss": "5"},
        {"model": "m", "seed": 2, "fit": "train", "epoch": "1", "train_loss": "4", "validation_loss": "7"},
        {"model": "m", "seed": 1, "fit": "train", "epoch": "2", "train_loss": "1", "validation_loss": "inf"},
        {"model": "m", "seed": 1, "fit": "all_rows", "epoch": "1", "train_loss": "99", "validation_loss": ""},
    ]
    assert plots.loss_lines(rows) == {
        "train_loss": [(1, 3.0, 2.0, 4.0), (2, 1.0, 1.0, 1.0)],
        "validation_loss": [(1, 6.0, 5.0, 7.0)],
    }


def test_the_fit_to_all_rows_is_plotted_if_there_is_no_other() -> None:
    assert list(plots.loss_lines(history("m", fit="all_rows"))) == ["train_loss"]


@pytest.mark.parametrize(("last", "logarithmic"), [(0.02, True), (0.2, False)])
def test_long_ranges_have_a_logarithmic_axis(last: float, logarithmic: bool) -> None:
    assert plots.needs_log_scale({"m": {"train_loss": [(1, 3.0, 3, 3), (2, last, 0, 1)]}}) is logarithmic


DIVERGED = [row | {"train_loss": "nan", "validation_loss": ""} for row in history("m")]


@pytest.mark.parametrize("rows", [history("a"), history(*"abc"), history(*"abcdef"), DIVERGED])
def test_curves_are_plotted_for_any_number_of_models(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    plots.plot_curves(rows, tmp_path / "a.png", "words: loss", "nats")
    assert size(tmp_path / "a.png")[0] == 700


@pytest.mark.parametrize("classes", [["vowel", "consonant"], [f"class {n}" for n in range(18)]])
def test_confusion_is_plotted_for_any_classes(tmp_path: Path, classes: list[str]) -> None:
    plots.plot_confusion(confusion(*classes), tmp_path / "a.png", "names-lstm: test rows")
    assert 500 <= size(tmp_path / "a.png")[0] <= 900


def test_many_forecasts_get_a_panel_each(tmp_path: Path) -> None:
    series_plots.plot_forecast(DAYS, tmp_path / "few.png", "sales: forecast")
    series_plots.plot_forecast(
        [{**day, "rnn": "1", "lstm": "2"} for day in DAYS], tmp_path / "many.png", "sales: forecast"
    )
    (width, few), (_, many) = size(tmp_path / "few.png"), size(tmp_path / "many.png")
    assert width == 700
    assert many > 2 * few


@pytest.mark.parametrize("splits", [("train",), ("train", "validation", "test")])
def test_a_series_is_plotted_with_its_splits(tmp_path: Path, splits: tuple[str, ...]) -> None:
    rows = [{"date": f"2024-01-{day:02}", "value": str(day), "split": splits[day % len(splits)]} for day in range(1, 9)]
    series_plots.plot_series(rows, tmp_path / "a.png", "sales: the series")
    assert size(tmp_path / "a.png") == (700, 420)


def test_figures_are_small_and_keep_the_colours_of_lines_and_bands(tmp_path: Path) -> None:
    plots.plot_curves(history(*"abc"), tmp_path / "curves.png", "words: loss", "nats")
    plots.plot_confusion(confusion(*(f"class {n}" for n in range(18))), tmp_path / "confusion.png", "names-lstm")
    assert all(path.stat().st_size < 60_000 for path in tmp_path.iterdir())
    with Image.open(tmp_path / "curves.png") as image:
        shades = [shade for _, shade in image.convert("RGB").getcolors() or ()]
    colours = [ImageColor.getrgb(colour) for colour in canvas.COLOURS[:3]]
    bands = [tuple(round(255 - 0.18 * (255 - value)) for value in colour) for colour in colours]
    for wanted in ((255, 255, 255), (0, 0, 0), *colours, *bands):
        assert min(max(abs(a - b) for a, b in zip(wanted, shade, strict=False)) for shade in shades) < 3, wanted


def test_the_users_own_style_is_neither_used_nor_changed(tmp_path: Path) -> None:
    import matplotlib

    series_plots.plot_forecast(DAYS, tmp_path / "a.png", "sales")
    with matplotlib.rc_context({"lines.linewidth": 9.0, "font.size": 30.0}):
        series_plots.plot_forecast(DAYS, tmp_path / "b.png", "sales")
        assert matplotlib.rcParams["font.size"] == 30.0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


SCRIPT = f"""
from pathlib import Path
from pipeline.evaluation import canvas, plots, series_plots
plots.plot_curves({history("a", "b")!r}, Path("curves.png"), "loss", "nats")
plots.plot_confusion({confusion("x", "y")!r}, Path("confusion.png"), "confusion")
series_plots.plot_forecast({DAYS!r}, Path("forecast.png"), "forecast")
"""


def test_other_processes_plot_the_same_bytes(tmp_path: Path) -> None:
    plotted = []
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(REPOSITORY)}
        subprocess.run([sys.executable, "-c", SCRIPT], env=environment, cwd=tmp_path, check=True)
        plotted.append([path.read_bytes() for path in sorted(tmp_path.iterdir())])
    assert len(plotted[0]) == 3
    assert plotted[0] == plotted[1]
    assert b"Software" not in plotted[0][0]


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        image.load()
        return image.size
