"""Pairs of models: the better one is found, chance differences are not significant, and Holm's correction is made."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation import significance
from pipeline.evaluation.results import Evaluation, Evaluations
from pipeline.evaluation.significance import Comparison
from tests.support import small

CARD = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n").card.model_copy(
    update={"task": "classify", "format": "labelled"}
)

TRIALS = 400


def evaluation(model, correct, seed=1):
    """Return an evaluation, with two classes, whose test rows are `correct` or not."""
    correct = np.asarray(correct, dtype=bool)
    probabilities = np.where(correct[:, None], [1.0, 0.0], [0.0, 1.0])
    return Evaluation(model, seed, {}, {"test": {"truth": np.zeros(len(correct), int), "probabilities": probabilities}})


def compare(*evaluations, **options):
    return significance.compare_models(CARD, Evaluations(evaluations), 1, **options)


def test_a_clear_difference_is_significant_and_has_its_size():
    generator = np.random.default_rng(1)
    good, bad = generator.random(500) < 0.9, generator.random(500) < 0.6
    (pair,) = compare(evaluation("good", good), evaluation("bad", bad))
    assert (pair.better, pair.worse, pair.metric, pair.significant) == ("good", "bad", "accuracy", True)
    assert pair.difference == pytest.approx(good.mean() - bad.mean())
    assert pair.low < pair.difference < pair.high


def test_equal_models_do_not_differ():
    correct = np.arange(100) % 3 > 0
    (pair,) = compare(evaluation("a", correct), evaluation("b", correct))
    assert (pair.difference, pair.low, pair.high, pair.p, pair.significant) == (0, 0, 0, 1, False)


def test_a_difference_of_a_few_rows_is_not_significant():
    correct = np.arange(100) % 3 > 0
    (pair,) = compare(evaluation("a", correct), evaluation("b", np.r_[~correct[:1], correct[1:]]))
    assert not pair.significant


def test_the_smaller_error_is_better():
    card = CARD.model_copy(update={"task": "regress", "format": "pairs"})
    truth = np.arange(40.0)
    near, far = ({"test": {"truth": truth, "predicted": truth + error}} for error in (0.1, 1.0))
    found = Evaluations((Evaluation("far", 1, {}, far), Evaluation("near", 1, {}, near)))
    (pair,) = significance.compare_models(card, found, 1)
    assert (pair.better, pair.worse, pair.significant) == ("near", "far", True)
    assert pair.difference == pytest.approx(1 - 0.01)


def test_models_of_different_seeds_are_compared_with_a_baseline_without_seeds():
    correct = np.arange(50) % 2 == 0
    pairs = compare(
        evaluation("a", correct, 1),
        evaluation("a", correct, 2),
        evaluation("b", ~correct, 2),
        evaluation("b", ~correct, 3),
        evaluation("b", ~correct, 4),
        evaluation("baseline", correct, 0),
    )
    assert {(pair.better, pair.worse) for pair in pairs} >= {("a", "baseline")}
    assert len(pairs) == 3


@pytest.mark.parametrize(
    ("rows", "spread", "seeds"), [(10, 0.0, 3), (50, 0.0, 3), (50, 0.2, 3), (50, 2.0, 3), (50, 2.0, 1)]
)
def test_models_that_differ_by_chance_differ_significantly_one_time_in_twenty(rows, spread, seeds):
    """Try few items and many, and seeds that differ less than items do, and more."""
    card, generator, claims = (
        CARD.model_copy(update={"task": "next-symbol", "format": "words"}),
        np.random.default_rng(1),
        0,
    )
    for _ in range(TRIALS):
        items = {model: generator.normal(size=rows) for model in "ab"}
        found = [
            Evaluation(model, seed, {}, {"test": {"nll": items[model] + spread * generator.normal()}})
            for model, finished in (("a", seeds), ("b", 3))
            for seed in range(finished)
        ]
        claims += significance.compare_models(card, Evaluations(tuple(found)), 1)[0].significant
    assert 0.005 * TRIALS <= claims <= 0.05 * TRIALS + 3 * (0.05 * 0.95 * TRIALS) ** 0.5


def test_models_are_not_compared_on_a_single_item():
    assert compare(evaluation("a", [True]), evaluation("b", [False])) == []


def test_seeds_that_agree_by_chance_do_not_make_a_difference_significant():
    correct = np.arange(1000) % 2 == 0
    agreeing = [
        evaluation("a", np.r_[~correct[:more], correct[more:]], seed) for seed, more in ((1, 2), (2, 30), (3, 100))
    ]
    (pair,) = compare(*agreeing, evaluation("baseline", correct, 0))
    assert not pair.significant


def test_an_excluded_model_and_one_that_diverged_are_in_no_pair():
    correct = np.arange(50) % 2 == 0
    pairs = compare(
        evaluation("a", correct),
        evaluation("b", correct),
        evaluation("c", correct),
        Evaluation("lost", 1),
        excluded=["c"],
    )
    assert [(pair.better, pair.worse) for pair in pairs] == [("a", "b")]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_by_hand(raw):
    pairs = [Comparison("a", "b", "loss", 0, 0, 0, p, False) for p in raw]
    found = [pair.p for pair in significance.apply_holm(pairs)]
    order = np.argsort(raw, kind="stable")
    highest = np.maximum.accumulate([min(1, raw[index] * (len(raw) - rank)) for rank, index in enumerate(order)])
    assert [found[index] for index in order] == pytest.approx(list(highest))


def test_neighbours_are_in_one_block():
    block = significance.item_blocks({}, 120, 50)
    assert np.bincount(block).tolist() == [50, 50, 20]
    words = significance.item_blocks({"row": np.array([0, 0, 2, 2, 2])}, 5, 50)
    assert words.tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("predictions", [{}, {"row": np.arange(40_000)}])
def test_many_blocks_are_joined(predictions):
    block = significance.item_blocks(predictions, 40_000, 2)
    sizes = np.bincount(block)
    assert len(sizes) <= significance.MAX_BLOCKS
    assert set(sizes.tolist()) == {8}
    assert (np.diff(block) >= 0).all()


@pytest.mark.parametrize("pairs", [1, 40, 105, 500])
def test_a_large_difference_can_be_significant_among_any_number_of_pairs(pairs):
    smallest = 2 / (significance.count_resamples(pairs) + 1)
    assert smallest * pairs < 1 - significance.LEVEL
