"""What a format says of its models on their model cards follows from the data and the params."""

import pytest

from pipeline.data import wording
from pipeline.data.formats import FORMATS
from pipeline.data.wording import ModelFacts
from pipeline.params.datasets import SeriesParams, WindowsParams
from tests.support import small
from tests.support.project import DATASETS

WORDS = "ab\nbc\nca\nac\ncb\n"


def limitations(prepared, params, **model):
    trained = ModelFacts("net", small.model_params(**model))
    return list(FORMATS[prepared.card.format].limitations(params, prepared, trained))


@pytest.mark.parametrize(
    ("changes", "wanted", "unwanted"),
    [
        ({}, "with the last days held out", "trained on all"),
        ({"refit": True}, "with the last days held out", "trained on all"),
        ({"validation": 0.0, "test": 0.0, "refit": True}, "it was trained on all of these days", "test figures"),
    ],
)
def test_a_series_names_the_days_that_it_was_trained_on(changes, wanted, unwanted):
    params = SeriesParams.model_validate(DATASETS["sales"] | changes)
    days, window, *_ = limitations(small.series(range(20), **changes), params, input="values", window=4)
    assert "2020-01-01 to 2020-01-20" in days
    assert wanted in days
    assert unwanted not in days
    assert "the last 4 values" in window


@pytest.mark.parametrize(
    ("alphabet", "never"),
    [
        ("ab ", "; it never predicts another character, such as a space"),
        ("abc", "; it never predicts another character"),
        ("ab", ""),
    ],
)
def test_what_windows_never_predict_depends_on_their_classes(alphabet, never):
    changes = {"alphabet": alphabet, "classes": {"one": "a", "two": "b"}, "width": 2, "stride": 1}
    params = WindowsParams.model_validate(DATASETS["vowels"] | changes)
    assert f"It predicts one (a) or two (b){never}." in limitations(small.windows("ab" * 50, **changes), params)


def test_oov_symbols_are_refused_or_read_as_unknown():
    rows = "".join(f"{letter * n},{letter}\n" for letter in "xy" for n in range(1, 9))
    open_, closed = map(wording.describe_symbols, (small.labelled(rows), small.words(WORDS)))
    assert "the 2 symbols of its training rows" in open_
    assert "as the unknown token" in open_
    assert "the 3 symbols" in closed
    assert "unknown" not in closed


def test_classes_with_few_rows_are_named():
    rows = "".join(f"{letter * n},{letter}\n" for letter, count in (("x", 5), ("y", 20)) for n in range(1, count + 1))
    (few,) = wording.describe_small_classes(small.labelled(rows))
    assert few.startswith("Classes with few rows, held-out ones included: x (5).")
    assert not list(wording.describe_small_classes(small.words(WORDS)))
