import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.evaluation.intervals import interval


@pytest.mark.parametrize("values", [[0.4, 0.5], [3.0, 4.0, 8.0], [10.0, 11.0, 12.0, 9.0, 10.5]])
def test_the_interval_is_students(values):
    low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
    wanted = {"mean": np.mean(values), "low": low, "high": high}
    assert interval(values) == pytest.approx(wanted)


def test_an_interval_by_hand():
    # mean 2, standard deviation 1, three values: 4.303 / sqrt(3) on either side
    assert interval([1.0, 2.0, 3.0]) == pytest.approx({"mean": 2, "low": -0.484138, "high": 4.484138}, abs=1e-6)


def test_an_interval_is_cut_at_the_possible_values():
    assert interval([0.98, 1.0], 0.0, 1.0)["high"] == 1
    assert interval([0.98, 1.0], 0.0)["high"] > 1
    assert interval([0.0, 0.1], 0.0)["low"] == 0


@pytest.mark.parametrize("values", [[0.3], [0.3, 0.3, 0.3]])
def test_the_interval_of_one_value_has_no_width(values):
    found = interval(values)
    assert found["low"] == found["mean"] == found["high"] == pytest.approx(0.3)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
def test_the_mean_is_in_the_interval(values):
    found = interval(values)
    assert found["low"] <= found["mean"] <= found["high"]
