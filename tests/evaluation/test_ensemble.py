"""The ensemble of a model's seeds: means of probabilities and of numbers, and the nll of the mean probability."""

import math

import numpy as np
import pytest

from pipeline.evaluation import run, significance
from pipeline.evaluation.results import Evaluation, Evaluations
from pipeline.evaluation.tasks import classify, next_symbol, regress
from pipeline.params.schema import BASELINE
from tests.support import small

CARD = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n").card
CLASSES = CARD.model_copy(update={"task": "classify", "format": "labelled"})


def test_probabilities_are_averaged():
    sure, unsure = np.array([[0.9, 0.1]]), np.array([[0.4, 0.6]])
    found = classify.combine([{"truth": np.array([0]), "probabilities": each} for each in (sure, unsure)])
    assert found["probabilities"] == pytest.approx(np.array([[0.65, 0.35]]))
    assert list(found["truth"]) == [0]


def test_numbers_are_averaged():
    found = regress.combine([{"truth": np.array([5.0]), "predicted": np.array([each])} for each in (4.0, 7.0)])
    assert list(found["predicted"]) == [5.5]


def test_the_nll_is_that_of_the_mean_probability():
    members = [{"truth": np.array([1]), "best": np.array([1]), "nll": -np.log([each])} for each in (0.5, 0.1)]
    found = next_symbol.combine(members)
    assert found["nll"] == pytest.approx([-math.log(0.3)])
    assert "best" not in found


def test_an_nll_too_large_for_a_probability_stays_finite():
    members = [{"truth": np.array([1]), "nll": np.array([each])} for each in (2000.0, 2001.0)]
    assert next_symbol.combine(members)["nll"] == pytest.approx([2000 + math.log(2 / (1 + math.exp(-1)))])


def evaluation(model, seed, wrong_at, rows=300):
    """Return the evaluation of a network that is wrong on every third row, from row `wrong_at`."""
    correct = np.arange(rows) % 3 != wrong_at
    probabilities = np.where(correct[:, None], [0.9, 0.1], [0.2, 0.8])
    metrics = {"test": {"accuracy": float(correct.mean())}}
    return Evaluation(model, seed, metrics, {"test": {"truth": np.zeros(rows, int), "probabilities": probabilities}})


def test_an_ensemble_is_correct_where_each_seed_errs_on_other_rows():
    found = Evaluations((*(evaluation("net", seed, seed) for seed in range(3)), evaluation(BASELINE, 0, 0)))
    summary = run.summarise(found, CLASSES)
    assert summary["net"]["test"]["accuracy"]["mean"] == pytest.approx(2 / 3)
    assert summary["net"]["test"]["accuracy"]["ensemble"] == 1
    assert "ensemble" not in summary[BASELINE]["test"]["accuracy"]
    (pair,) = significance.compare_ensembles(CLASSES, found, 1)
    assert (pair.better, pair.worse, pair.significant) == ("net", BASELINE, True)
    assert pair.difference == pytest.approx(1 / 3)
    assert significance.compare_ensembles(CLASSES, found, 1, excluded=["net"]) == []


def test_one_seed_makes_no_ensemble():
    found = Evaluations((evaluation("net", 1, 0), evaluation(BASELINE, 0, 0)))
    assert "ensemble" not in run.summarise(found, CLASSES)["net"]["test"]["accuracy"]
    assert significance.compare_ensembles(CLASSES, found, 1) == []
