"""Confusions of many classes, and of classes that a figure cannot show as they are."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline import spreadsheets
from pipeline.evaluation import confusions
from pipeline.evaluation.figures import confusion_figures

MANY = [f"class {number:03}" for number in range(500)]
COUNTS = np.random.default_rng(0).poisson(0.05, (500, 500)) + 20 * np.eye(500, dtype=np.int64)
COUNTS[7, 8] = 9


def as_rows(classes, counts):
    rows = confusions.count_rows(classes, np.asarray(counts))
    return [{"truth": truth, "prediction": prediction, "count": count} for truth, prediction, count in rows]


def test_few_classes_have_a_row_for_each_pair():
    assert [row["count"] for row in as_rows(["a", "b"], [[3, 0], [1, 2]])] == [3, 0, 1, 2]


def test_many_classes_have_their_most_frequent_pairs_and_the_rest_of_each_true_class():
    rows = as_rows(MANY, COUNTS)
    assert len(rows) <= confusions.MAX_PAIRS + 2 * len(MANY)
    assert {"truth": "class 007", "prediction": "class 008", "count": 9} in rows
    assert all(row["count"] for row in rows)
    assert sum(row["truth"] == row["prediction"] for row in rows) == len(MANY)
    assert list(confusions.count_by_truth(rows).values()) == COUNTS.sum(1).tolist()


def test_the_most_confused_classes_are_shown():
    counts = 20 * np.eye(40, dtype=np.int64)
    counts[5:24, 30] = 1
    shown = confusions.most_confused(as_rows(MANY[:40], counts))
    assert shown == [*MANY[5:24], MANY[30]]


@pytest.mark.parametrize("name", ["Arabic", "", "عربي", "Ελληνικά", "<b>", "$x^2$", r"$\frac{", "a" * 24])
def test_a_class_that_the_font_has_is_shown_as_it_is(name):
    assert confusions.format_classes(["x", name]) == {}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        *(("日本語", "class 1"), ("x🦆", "class 1"), ("a\nb", "class 1"), ("a\u202eb", "class 1")),
        ("a\u200b", "class 1"),
        ("b" * 25, "b" * 24 + "… (1)"),
    ],
)
def test_another_class_is_numbered(name, shown):
    assert confusions.format_classes(["x", name]) == {name: shown}


LONG = [f"one of the longer names of a class, {number}" for number in range(3)]


@pytest.mark.parametrize("classes", [LONG, MANY, ["日本語", "한국어"], ["$x^2$", r"$\frac{", "a\nb", "../../x"]])
def test_a_figure_shows_any_classes_without_cutting_them_off(tmp_path: Path, classes):
    (tmp_path / "tables").mkdir()
    (tmp_path / "figures").mkdir()
    rows = confusions.count_rows(classes, COUNTS[: len(classes), : len(classes)])
    spreadsheets.write_csv(
        tmp_path / "tables/confusion.csv", ("model", "truth", "prediction", "count"), (("m", *row) for row in rows)
    )
    renamed = confusions.format_classes(classes).items()
    spreadsheets.write_csv(tmp_path / "tables/classes.csv", ("class", "figure"), renamed)
    for plot in confusion_figures("names", tmp_path):
        plot()
    with Image.open(tmp_path / "figures/confusion-m.png") as image:
        pixels = np.asarray(image.convert("L"))
    assert max(pixels.shape) <= 1200
    assert all((edge > 200).all() for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]))
