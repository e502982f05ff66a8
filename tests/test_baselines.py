import numpy as np
import pytest

from pipeline.baselines import BASELINES, most_frequent_class, most_frequent_symbol, seasonal_naive
from pipeline.settings.datasets import FORMATS
from tests import small


def test_each_task_has_a_baseline():
    assert set(BASELINES) == {settings.task for settings in FORMATS.values()}


def test_words_get_the_shares_of_the_letters_that_are_predicted():
    prepared = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n")
    train = {"symbols": np.array([[0, 1, 0], [2, 1, 1]]), "lengths": np.array([2, 3])}  # predicted: 1; 1, 1
    judged = {"symbols": np.array([[1, 1, 0], [0, 2, 0]]), "lengths": np.array([3, 2])}
    found = most_frequent_symbol(train, None, judged, prepared.card)
    shares = np.array([1, 4, 1]) / 6  # one is added to each count
    assert found["truth"].tolist() == [1, 0, 2]
    assert found["best"].tolist() == [1, 1, 1]
    np.testing.assert_allclose(found["nats"], -np.log(shares[[1, 0, 2]]))
    assert (found["row"].tolist(), found["step"].tolist()) == ([0, 0, 1], [1, 2, 1])


def test_a_text_gets_the_shares_of_its_symbols():
    card = small.text("abab" * 20 + "axabax").card  # 0 stands for symbols that the training text lacks
    found = most_frequent_symbol({"stream": np.array([1, 1, 2])}, None, {"stream": np.array([2, 0])}, card)
    np.testing.assert_allclose(found["nats"], -np.log([2 / 6, 1 / 6]))
    assert found["best"].tolist() == [1, 1]
    assert "row" not in found


def test_classes_get_their_shares():
    card = small.labelled("".join(f"{letter * n},{letter}\n" for letter in "xyz" for n in range(1, 9))).card
    found = most_frequent_class({"labels": np.array([2, 2, 0])}, None, {"labels": np.array([0, 1])}, card)
    np.testing.assert_allclose(found["probabilities"], [[2 / 6, 1 / 6, 3 / 6]] * 2)
    assert found["truth"].tolist() == [0, 1]


def test_numbers_get_the_mean_of_the_training_targets():
    _, mean_target = BASELINES["regress"]
    card = small.pairs("".join(f"{n} 1,{n}\n" for n in range(10))).card
    found = mean_target({"targets": np.array([1.0, 2.0])}, None, {"targets": np.array([5.0, 6.0, 7.0])}, card)
    assert found["predicted"].tolist() == [1.5] * 3
    assert found["truth"].tolist() == [5, 6, 7]


@pytest.fixture
def season_of_two():
    return small.series(range(10), season=2).card


def test_a_day_gets_the_value_of_a_season_before(season_of_two):
    now, before = {"values": np.array([4.0, 5.0, 6.0])}, {"values": np.array([1.0, 2.0, 3.0])}
    found = seasonal_naive({}, before, now, season_of_two)
    assert found["predicted"].tolist() == [2, 3, 4]
    assert found["truth"].tolist() == [4, 5, 6]


def test_the_first_season_of_all_has_no_forecast(season_of_two):
    series = {"values": np.array([1.0, 2.0, 3.0, 4.0, 5.0])}
    found = seasonal_naive(series, None, series, season_of_two)
    assert found["predicted"].tolist() == [1, 2, 3]
    assert found["truth"].tolist() == [3, 4, 5]
