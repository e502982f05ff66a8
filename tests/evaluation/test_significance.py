"""Pairs of models: the better one is found, chance differences are not significant, and Holm's correction is made."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation import metrics, significance
from pipeline.evaluation.bootstrap import Bootstrap
from pipeline.evaluation.significance import Comparison, Resampled

TRIALS = 400


def compare(metric=metrics.ACCURACY, **models):
    """Compare models by the means of their items."""
    scores = {name: metrics.mean(np.asarray(items, dtype=float)) for name, items in models.items()}
    bootstrap = Bootstrap(np.arange(len(next(iter(models.values())))))
    found = {name: Resampled(score.plain, bootstrap.resample(score)) for name, score in scores.items()}
    return significance.compare(metric, found)


def test_a_clear_difference_is_significant_and_has_its_size():
    generator = np.random.default_rng(1)
    good, bad = generator.random(500) < 0.9, generator.random(500) < 0.6
    (pair,) = compare(good=good, bad=bad)
    assert (pair.better, pair.worse, pair.metric, pair.significant) == ("good", "bad", "accuracy", True)
    assert pair.difference == pytest.approx(good.mean() - bad.mean())
    assert pair.low < pair.difference < pair.high


def test_equal_models_do_not_differ():
    correct = np.arange(100) % 3 > 0
    (pair,) = compare(a=correct, b=correct)
    assert (pair.difference, pair.low, pair.high, pair.p, pair.significant) == (0, 0, 0, 1, False)


def test_a_difference_of_a_few_rows_is_not_significant():
    correct = np.arange(100) % 3 > 0
    (pair,) = compare(a=correct, b=np.r_[~correct[:1], correct[1:]])
    assert not pair.significant


def test_the_smaller_error_is_better():
    (pair,) = compare(metrics.MSE, far=np.arange(40) % 3 + 1.0, near=np.arange(40) % 2 * 0.1)
    assert (pair.better, pair.worse, pair.significant) == ("near", "far", True)


def test_each_two_models_are_compared():
    items = np.arange(50) % 2
    pairs = {frozenset((pair.better, pair.worse)) for pair in compare(a=items, b=1 - items, baseline=items)}
    assert pairs == {frozenset(pair) for pair in (("a", "b"), ("a", "baseline"), ("b", "baseline"))}
    assert compare(a=items) == []


@pytest.mark.parametrize("items", [10, 50, 300])
def test_models_that_differ_by_chance_differ_significantly_one_time_in_twenty(items):
    generator = np.random.default_rng(1)
    pairs = (
        compare(metrics.LOSS, a=generator.normal(size=items), b=generator.normal(size=items)) for _ in range(TRIALS)
    )
    claims = sum(pair.significant for (pair,) in pairs)
    assert 0.005 * TRIALS <= claims <= 0.05 * TRIALS + 3 * (0.05 * 0.95 * TRIALS) ** 0.5


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_by_hand(raw):
    pairs = [Comparison("a", "b", "loss", 0, 0, 0, p, False) for p in raw]
    found = [pair.p for pair in significance.apply_holm(pairs)]
    order = np.argsort(raw, kind="stable")
    highest = np.maximum.accumulate([min(1, raw[index] * (len(raw) - rank)) for rank, index in enumerate(order)])
    assert [found[index] for index in order] == pytest.approx(list(highest))
