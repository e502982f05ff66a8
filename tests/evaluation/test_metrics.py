import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score

from pipeline.evaluation import metrics

TRUTH = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 0, 1])


@pytest.mark.parametrize("symbols", [2, 27, 1027])
def test_a_uniform_model_has_the_number_of_symbols_as_its_perplexity(symbols):
    nll = np.full(50, math.log(symbols))
    assert metrics.perplexity(nll).value == pytest.approx(symbols, rel=1e-12)
    assert metrics.bits_per_symbol(nll).value == pytest.approx(math.log2(symbols), rel=1e-12)


def test_a_perfect_model_has_perplexity_one():
    assert metrics.loss(np.zeros(3)).value == 0
    assert metrics.perplexity(np.zeros(3)).value == 1
    assert metrics.bits_per_symbol(np.zeros(3)).value == 0


def test_perplexity_is_exp_of_the_mean_not_the_mean_of_perplexities():
    assert metrics.perplexity(np.log([2.0, 8.0])).value == pytest.approx(4)


def test_perplexity_stays_finite_for_json():
    assert math.isfinite(metrics.perplexity(np.array([1e6])).value)


def test_a_loss_of_many_floats_is_summed_in_double_precision():
    assert metrics.loss(np.full(10_000_000, 0.1, dtype=np.float32)).value == pytest.approx(np.float32(0.1), rel=1e-9)


def test_accuracy_and_macro_f1_by_hand():
    assert metrics.accuracy(TRUTH, PREDICTED).value == 0.5
    # class 0: precision 2/3, recall 2/3; class 1: precision 1/3, recall 1/2; class 2: never predicted
    assert metrics.macro_f1(TRUTH, PREDICTED, 3).value == pytest.approx((2 / 3 + 0.4 + 0) / 3)


def test_macro_f1_counts_a_class_without_rows_and_predictions():
    assert metrics.macro_f1(TRUTH, PREDICTED, 4).value == pytest.approx((2 / 3 + 0.4 + 0 + 0) / 4)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_macro_f1_and_confusion_are_scikit_learns(pairs):
    truth, predicted = np.array(pairs).T
    labels = range(4)
    wanted = f1_score(truth, predicted, labels=labels, average="macro", zero_division=0.0)
    assert metrics.macro_f1(truth, predicted, 4).value == pytest.approx(wanted)
    assert (metrics.confusion(truth, predicted, 4) == confusion_matrix(truth, predicted, labels=labels)).all()


def test_the_confusion_has_the_truth_in_its_rows():
    assert metrics.confusion(TRUTH, PREDICTED, 3).tolist() == [[2, 1, 0], [1, 1, 0], [0, 1, 0]]


def test_errors_by_hand():
    truth, predicted = np.array([1.0, 2.0, 4.0]), np.array([1.0, 4.0, 3.0])
    assert metrics.mae(truth, predicted).value == 1
    assert metrics.mse(truth, predicted).value == pytest.approx(5 / 3)
    assert metrics.rmse(truth, predicted).value == pytest.approx(math.sqrt(5 / 3))
    # On the training days 1, 3, 2, 6, with a season of 2, the naive errors are |2 - 1| and |6 - 3|: a mean of 2.
    assert metrics.mase(truth, predicted, 2.0).value == 0.5


def test_exact_rounds_to_the_nearest_whole_number():
    truth = np.array([3.0, 3.0, 3.0, -3.0])
    assert metrics.exact(truth, np.array([3.4, 2.6, 3.6, -3.4])).value == 0.75
