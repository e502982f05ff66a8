"""Resamples of items: their intervals, their blocks, and that every score gets the same ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.evaluation import bootstrap, metrics
from pipeline.evaluation.bootstrap import Bootstrap, interval, item_blocks


def resample(score, block=None):
    return Bootstrap(np.arange(score.items) if block is None else block).resample(score)


@pytest.mark.parametrize("items", [6, 30, 300])
def test_the_interval_of_a_mean_is_students(items):
    values = np.random.default_rng(0).normal(5, 1, items)
    low, high = interval(metrics.mean(values), resample(metrics.mean(values)))
    wanted = stats.t.interval(0.95, items - 1, loc=values.mean(), scale=stats.sem(values))
    assert (low, high) == pytest.approx(wanted, abs=0.12 * (wanted[1] - wanted[0]))


def test_an_interval_covers_the_true_mean_nineteen_times_in_twenty():
    generator, trials = np.random.default_rng(1), 300
    scores = [metrics.mean(generator.gamma(2, 1, 40)) for _ in range(trials)]
    ends = [interval(score, resample(score)) for score in scores]
    assert 0.90 <= np.mean([low <= 2 <= high for low, high in ends]) <= 0.98


def test_neighbours_that_are_alike_make_the_interval_wider():
    values = np.repeat(np.random.default_rng(0).normal(5, 1, 50), 10)
    alone, together = (resample(metrics.mean(values), np.arange(500) // size) for size in (1, 10))
    assert np.std(together) == pytest.approx(10**0.5 * np.std(alone), rel=0.2)


@pytest.mark.parametrize(
    "score",
    [
        metrics.perplexity(np.log([2.0, 8.0, 4.0, 3.0] * 9)),
        metrics.rmse(np.zeros(36), np.arange(36.0)),
        metrics.macro_f1(np.arange(36) % 3, np.arange(36) % 4 % 3, 3),
        metrics.mean(np.arange(36) % 2 == 0, np.arange(36) % 3 == 0),
    ],
)
def test_the_interval_of_any_metric_is_around_its_value(score):
    low, high = interval(score, resample(score))
    assert 0 <= low < score.value < high


def test_macro_f1_of_a_resample_is_that_of_its_items():
    truth, predicted = np.arange(36) % 3, np.arange(36) % 4 % 3
    score, block = metrics.macro_f1(truth, predicted, 3), np.arange(36) // 9
    drawn = np.array([2, 0, 1, 1])  # how often each block
    items = np.repeat(np.arange(36), drawn[block])
    wanted = metrics.macro_f1(truth[items], predicted[items], 3).value
    assert score.of_sums(score.sum_blocks(block) @ drawn[:, None]) == pytest.approx([wanted])


def test_an_interval_is_cut_at_the_possible_values():
    few = metrics.mean(np.array([1.0, 1.0, 1.0, 0.0]))
    assert interval(few, resample(few), 1.0)[1] == 1
    assert interval(few, resample(few))[1] > 1
    many = metrics.mean(np.array([0.0, 0.0, 0.0, 1.0]))
    assert interval(many, resample(many))[0] == 0


def test_items_that_are_all_alike_have_an_interval_without_width():
    score = metrics.mean(np.full(20, 0.25))
    assert interval(score, resample(score)) == (0.25, 0.25)


def test_one_block_has_no_variance():
    assert not Bootstrap(np.zeros(5, dtype=np.int64)).has_variance
    assert Bootstrap(np.arange(2)).has_variance


def test_all_scores_get_the_same_resamples():
    values, found = np.random.default_rng(2).normal(size=200), Bootstrap(np.arange(200))
    one, shifted = found.resample(metrics.mean(values)), found.resample(metrics.mean(values + 3))
    assert shifted - one == pytest.approx(np.full(len(one), 3.0))


def test_portions_of_the_resamples_give_as_many_as_are_wanted(monkeypatch):
    monkeypatch.setattr(bootstrap, "MAX_DRAWS", 1000)
    assert len(Bootstrap(np.arange(300), 4001).resample(metrics.mean(np.arange(300.0)))) == 4001


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=9))
def test_the_value_is_in_its_interval(values):
    score = metrics.mean(np.array(values))
    low, high = interval(score, resample(score))
    assert low <= score.value * (1 + 1e-9)
    assert high >= score.value * (1 - 1e-9)


def test_neighbours_are_in_one_block():
    block = item_blocks({"truth": np.zeros(120)}, 50)
    assert np.bincount(block).tolist() == [50, 50, 20]
    words = item_blocks({"truth": np.zeros(5), "row": np.array([0, 0, 2, 2, 2])}, 50)
    assert words.tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("predictions", [{}, {"row": np.arange(40_000)}])
def test_many_blocks_are_joined(predictions):
    block = item_blocks({"truth": np.zeros(40_000), **predictions}, 2)
    sizes = np.bincount(block)
    assert len(sizes) <= bootstrap.MAX_BLOCKS
    assert set(sizes.tolist()) == {8}
    assert (np.diff(block) >= 0).all()


@pytest.mark.parametrize("pairs", [1, 40, 105, 500])
def test_a_large_difference_can_be_significant_among_any_number_of_pairs(pairs):
    smallest = 2 / (bootstrap.count_resamples(pairs) + 1)
    assert smallest * pairs < 1 - bootstrap.LEVEL
