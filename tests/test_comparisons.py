"""Pairs of models: the right one is called better, luck is not, and Holm's correction is made."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import comparisons
from pipeline.comparisons import Comparison
from pipeline.judgement import Judgement, Judgements
from tests import small

CARD = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n").card.model_copy(
    update={"task": "classify", "format": "labelled"}
)

TRIALS = 400


def judged(model, right, seed=1):
    """Return a judgement whose test rows are right where said, of two classes."""
    right = np.asarray(right, dtype=bool)
    probabilities = np.where(right[:, None], [1.0, 0.0], [0.0, 1.0])
    return Judgement(model, seed, {}, {"test": {"truth": np.zeros(len(right), int), "probabilities": probabilities}})


def compared(*judgements, **more):
    return comparisons.comparisons(CARD, Judgements(judgements), **more)


def test_a_clear_difference_holds_and_has_its_size():
    generator = np.random.default_rng(1)
    good, bad = generator.random(500) < 0.9, generator.random(500) < 0.6
    (pair,) = compared(judged("good", good), judged("bad", bad))
    assert (pair.better, pair.worse, pair.measure, pair.holds) == ("good", "bad", "accuracy", True)
    assert pair.difference == pytest.approx(good.mean() - bad.mean())
    assert pair.low < pair.difference < pair.high


def test_equal_models_cannot_be_told_apart():
    right = np.arange(100) % 3 > 0
    (pair,) = compared(judged("a", right), judged("b", right))
    assert (pair.difference, pair.low, pair.high, pair.p, pair.holds) == (0, 0, 0, 1, False)


def test_a_difference_of_a_few_rows_does_not_hold():
    right = np.arange(100) % 3 > 0
    (pair,) = compared(judged("a", right), judged("b", np.r_[~right[:1], right[1:]]))
    assert not pair.holds


def test_the_better_one_of_an_error_is_the_smaller():
    card = CARD.model_copy(update={"task": "regress", "format": "pairs"})
    truth = np.arange(40.0)
    near, far = ({"test": {"truth": truth, "predicted": truth + error}} for error in (0.1, 1.0))
    found = Judgements((Judgement("far", 1, {}, far), Judgement("near", 1, {}, near)))
    (pair,) = comparisons.comparisons(card, found)
    assert (pair.better, pair.worse, pair.holds) == ("near", "far", True)
    assert pair.difference == pytest.approx(1 - 0.01)


def test_models_of_unlike_seeds_are_compared_and_the_baseline_has_none():
    right = np.arange(50) % 2 == 0
    pairs = compared(
        judged("a", right, 1),
        judged("a", right, 2),
        judged("b", ~right, 2),
        judged("b", ~right, 3),
        judged("b", ~right, 4),
        judged("baseline", right, 0),
    )
    assert {(pair.better, pair.worse) for pair in pairs} >= {("a", "baseline")}
    assert len(pairs) == 3


@pytest.mark.parametrize(
    ("rows", "luck", "seeds"), [(10, 0.0, 3), (50, 0.0, 3), (50, 0.2, 3), (50, 2.0, 3), (50, 2.0, 1)]
)
def test_models_that_differ_by_luck_alone_are_told_apart_one_time_in_twenty(rows, luck, seeds):
    """Try with few items and many, and with seeds that differ by as much as items do, and by far more."""
    card, generator, held = CARD.model_copy(update={"task": "next-symbol"}), np.random.default_rng(1), 0
    for _ in range(TRIALS):
        items = {model: generator.normal(size=rows) for model in "ab"}
        found = [
            Judgement(model, seed, {}, {"test": {"nats": items[model] + luck * generator.normal()}})
            for model, finished in (("a", seeds), ("b", 3))
            for seed in range(finished)
        ]
        held += comparisons.comparisons(card, Judgements(tuple(found)))[0].holds
    assert 0.005 * TRIALS <= held <= 0.05 * TRIALS + 3 * (0.05 * 0.95 * TRIALS) ** 0.5


def test_a_single_item_tells_no_models_apart():
    assert compared(judged("a", [True]), judged("b", [False])) == []


def test_seeds_that_agree_by_chance_do_not_make_a_difference_hold():
    right = np.arange(1000) % 2 == 0
    agreeing = [judged("a", np.r_[~right[:more], right[more:]], seed) for seed, more in ((1, 2), (2, 30), (3, 100))]
    (pair,) = compared(*agreeing, judged("baseline", right, 0))
    assert not pair.holds


def test_an_excluded_model_and_one_that_diverged_are_in_no_pair():
    right = np.arange(50) % 2 == 0
    pairs = compared(judged("a", right), judged("b", right), judged("c", right), Judgement("lost", 1), excluded=["c"])
    assert [(pair.better, pair.worse) for pair in pairs] == [("a", "b")]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_by_hand(raw):
    pairs = [Comparison("a", "b", "loss", 0, 0, 0, p, False) for p in raw]
    found = [pair.p for pair in comparisons._corrected(pairs)]
    order = np.argsort(raw, kind="stable")
    highest = np.maximum.accumulate([min(1, raw[index] * (len(raw) - rank)) for rank, index in enumerate(order)])
    assert [found[index] for index in order] == pytest.approx(list(highest))


def test_neighbours_in_a_text_are_drawn_together():
    card = CARD.model_copy(update={"task": "next-symbol", "format": "text"})
    block = comparisons._blocks(card, {}, 120)
    assert np.bincount(block).tolist() == [50, 50, 20]
    words = comparisons._blocks(card, {"row": np.array([0, 0, 2, 2, 2])}, 5)
    assert words.tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("pairs", [1, 40, 105, 500])
def test_a_gross_difference_can_hold_among_any_number_of_pairs(pairs):
    smallest = 2 / (comparisons._resamples(pairs) + 1)
    assert smallest * pairs < 1 - comparisons.LEVEL
