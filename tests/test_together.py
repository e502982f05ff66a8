"""What the networks of all seeds say together: means of probabilities and of numbers, and their nats."""

import math

import numpy as np
import pytest

from pipeline import comparisons, evaluate, together
from pipeline.judgement import Judgement, Judgements
from pipeline.references import BASELINE
from tests import small

CARD = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n").card
CLASSES = CARD.model_copy(update={"task": "classify", "format": "labelled"})


def test_probabilities_are_averaged_and_then_the_best_is_taken():
    sure, unsure = np.array([[0.9, 0.1]]), np.array([[0.4, 0.6]])
    found = together.combined([{"truth": np.array([0]), "probabilities": each} for each in (sure, unsure)])
    assert found["probabilities"] == pytest.approx(np.array([[0.65, 0.35]]))
    assert list(found["truth"]) == [0]


def test_numbers_are_averaged():
    found = together.combined([{"truth": np.array([5.0]), "predicted": np.array([each])} for each in (4.0, 7.0)])
    assert list(found["predicted"]) == [5.5]


def test_nats_are_those_of_the_mean_probability():
    answers = [{"truth": np.array([1]), "best": np.array([1]), "nats": -np.log([each])} for each in (0.5, 0.1)]
    found = together.combined(answers)
    assert found["nats"] == pytest.approx([-math.log(0.3)])
    assert "best" not in found


def test_nats_too_large_for_a_probability_stay_numbers():
    answers = [{"truth": np.array([1]), "nats": np.array([each])} for each in (2000.0, 2001.0)]
    assert together.combined(answers)["nats"] == pytest.approx([2000 + math.log(2 / (1 + math.exp(-1)))])


def judged(model, seed, wrong_at, rows=300):
    """Return a judgement of one network that is wrong at every `wrong_at`-th row."""
    right = np.arange(rows) % 3 != wrong_at
    probabilities = np.where(right[:, None], [0.9, 0.1], [0.2, 0.8])
    metrics = {"test": {"accuracy": float(right.mean())}}
    return Judgement(model, seed, metrics, {"test": {"truth": np.zeros(rows, int), "probabilities": probabilities}})


def test_seeds_that_err_on_different_rows_are_right_together():
    found = Judgements((*(judged("net", seed, seed) for seed in range(3)), judged(BASELINE, 0, 0)))
    summary = evaluate.summary(found, CLASSES)
    assert summary["net"]["test"]["accuracy"]["mean"] == pytest.approx(2 / 3)
    assert summary["net"]["test"]["accuracy"]["together"] == 1
    assert "together" not in summary[BASELINE]["test"]["accuracy"]
    (pair,) = comparisons.together_with_baseline(CLASSES, found)
    assert (pair.better, pair.worse, pair.holds) == ("net", BASELINE, True)
    assert pair.difference == pytest.approx(1 / 3)
    assert comparisons.together_with_baseline(CLASSES, found, excluded=["net"]) == []


def test_one_seed_is_not_together_with_itself():
    found = Judgements((judged("net", 1, 0), judged(BASELINE, 0, 0)))
    assert "together" not in evaluate.summary(found, CLASSES)["net"]["test"]["accuracy"]
    assert comparisons.together_with_baseline(CLASSES, found) == []
