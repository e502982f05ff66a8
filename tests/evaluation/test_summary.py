"""The headline: an ensemble's figure with its interval, the spread over seeds apart, and the order of the models."""

import numpy as np
import pytest

from pipeline.evaluation import metrics
from pipeline.evaluation.references import MetricsOnly
from pipeline.evaluation.results import Evaluation, Evaluations
from pipeline.evaluation.selection import rank_models
from pipeline.evaluation.summary import summarise
from pipeline.evaluation.tasks import EVALUATIONS
from pipeline.params.schema import BASELINE
from tests.support import small

TASK = EVALUATIONS["classify"]
CARD = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n").card.model_copy(
    update={"task": "classify", "format": "labelled"}
)


def evaluation(model, correct, seeds=()):
    """Return an evaluation with two classes whose test rows are `correct` or not, with the accuracies of its seeds."""
    correct = np.asarray(correct, dtype=bool)
    probabilities = np.where(correct[:, None], [0.9, 0.1], [0.2, 0.8])
    predictions = {"test": {"truth": np.zeros(len(correct), int), "probabilities": probabilities}}
    of_splits = {split: {"accuracy": float(correct.mean())} for split in ("validation", "test", "all_rows")}
    of_seeds = {seed: {"test": {"accuracy": value}} for seed, value in enumerate(seeds, 1)}
    return Evaluation(model, of_splits, predictions, of_seeds)


GOOD, BAD = np.arange(300) % 3 > 0, np.arange(300) % 3 == 1
FOUND = Evaluations((evaluation("net", GOOD, (0.6, 0.64)), evaluation("one", GOOD, (0.6,)), evaluation(BASELINE, BAD)))


def test_the_figure_is_the_ensembles_with_an_interval_over_test_items():
    found = summarise(TASK, FOUND, CARD, 1).metrics["net"]
    accuracy = found["test"]["accuracy"]
    assert accuracy["value"] == pytest.approx(2 / 3)
    wanted = 1.96 * (2 / 9 / 300) ** 0.5  # half a width, of a binomial share
    assert (accuracy["value"] - accuracy["low"], accuracy["high"] - accuracy["value"]) == pytest.approx(
        (wanted, wanted), rel=0.1
    )


def test_validation_rows_and_all_rows_have_no_interval():
    found = summarise(TASK, FOUND, CARD, 1).metrics["net"]
    assert found["validation"]["accuracy"] == found["all_rows"]["accuracy"] == {"value": pytest.approx(2 / 3)}


def test_the_spread_over_seeds_is_apart_and_one_seed_has_none():
    found = summarise(TASK, FOUND, CARD, 1).metrics
    assert found["net"]["test"]["accuracy"]["seeds"] == pytest.approx({"mean": 0.62, "std": 0.02 * 2**0.5})
    assert "seeds" not in found["one"]["test"]["accuracy"]
    assert "seeds" not in found[BASELINE]["test"]["accuracy"]


def test_the_interval_of_a_difference_is_that_of_the_same_resamples():
    pairs = {frozenset((pair.better, pair.worse)): pair for pair in summarise(TASK, FOUND, CARD, 1).comparisons}
    equal = pairs[frozenset(("net", "one"))]
    assert (equal.low, equal.high, equal.significant) == (0, 0, False)  # right on the same items
    better = pairs[frozenset(("net", BASELINE))]
    assert (better.better, better.significant) == ("net", True)
    assert better.difference == pytest.approx(1 / 3)


def test_an_excluded_model_and_one_that_diverged_are_in_no_pair():
    found = Evaluations((*FOUND.all, Evaluation("lost")))
    pairs = summarise(TASK, found, CARD, 1, excluded=["net"]).comparisons
    assert [{pair.better, pair.worse} for pair in pairs] == [{"one", BASELINE}]


def test_a_single_test_item_has_no_interval_and_no_comparison():
    found = summarise(TASK, Evaluations((evaluation("a", [True]), evaluation("b", [False]))), CARD, 1)
    assert found.comparisons == []
    assert found.metrics["a"]["test"]["accuracy"] == {"value": 1.0}


def test_what_predicts_no_items_has_no_interval():
    bound = Evaluation("bound", {"test": MetricsOnly({"accuracy": 1.0}).metrics})
    assert summarise(TASK, Evaluations((*FOUND.all, bound)), CARD, 1).metrics["bound"]["test"]["accuracy"] == {
        "value": 1.0
    }


def ranked(metric, excluded=(), **values):
    all_of = [Evaluation(name, {"validation": {metric.name: value}} if value else {}) for name, value in values.items()]
    return rank_models(Evaluations(tuple(all_of)), metric, {"small": 1, "large": 9, "lost": 5, "third": 5}, excluded)


def test_the_best_model_is_that_of_the_best_ensemble_on_validation_rows():
    assert ranked(metrics.ACCURACY, small=0.5, large=0.6, third=0.4) == ("large", "small", "third")
    assert ranked(metrics.LOSS, small=0.5, large=0.6, third=0.4) == ("third", "small", "large")


def test_of_equal_models_the_smaller_is_first_and_what_diverged_or_is_excluded_has_no_rank():
    assert ranked(metrics.LOSS, large=0.5, small=0.5, lost=None) == ("small", "large")
    assert ranked(metrics.LOSS, ["small"], large=0.5, small=0.5) == ("large",)
