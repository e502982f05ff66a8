import math

import numpy as np
import pytest

from pipeline.evaluation.metrics import compute_metrics
from tests.support import small


@pytest.fixture(scope="module")
def words():
    return small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n").card


@pytest.fixture(scope="module")
def text():
    return small.text("abab" * 20 + "axabax").card


def letters(truth, best, **others):
    return {"truth": np.array(truth), "best": np.array(best), "nll": np.zeros(len(truth)), **others}


def test_a_perfect_model_of_words(words):
    found = letters([1, 2, 0], [1, 2, 0], row=np.array([0, 1, 1]), step=np.array([1, 1, 2]))
    assert compute_metrics(found, words) == {
        "letter_accuracy": 1,
        "final_letter_accuracy": 1,
        "perplexity": 1,
        "bits_per_symbol": 0,
        "loss": 0,
    }


def test_final_letters_are_the_last_of_each_word(words):
    row, step = np.array([0, 1, 1, 2, 2, 2]), np.array([1, 1, 2, 1, 2, 3])
    found = compute_metrics(letters([0, 1, 2, 1, 1, 1], [0, 0, 2, 0, 0, 0], row=row, step=step), words)
    assert found["letter_accuracy"] == pytest.approx(2 / 6)
    assert found["final_letter_accuracy"] == pytest.approx(2 / 3)  # rows 0 and 1, not row 2


def test_predicting_the_unknown_token_is_never_correct(text):
    assert text.unknown == 0
    assert compute_metrics(letters([1, 0, 2, 0], [1, 0, 1, 0]), text)["accuracy"] == 0.25


def test_symbol_0_counts_where_there_is_no_unknown_token(words):
    assert words.unknown is None
    assert compute_metrics(letters([0, 0], [0, 0], row=np.array([0, 1])), words)["letter_accuracy"] == 1


def test_metrics_of_a_text_are_of_its_symbols(text):
    found = compute_metrics({"truth": np.array([1, 2]), "best": np.array([1, 1]), "nll": np.log([2.0, 8.0])}, text)
    assert found["accuracy"] == 0.5
    assert found["perplexity"] == pytest.approx(4)
    assert found["bits_per_symbol"] == pytest.approx(2)
    assert next(iter(found)) == "perplexity"  # the primary metric


def test_classes():
    card = small.labelled("".join(f"{letter * n},{letter}\n" for letter in "xyz" for n in range(1, 9))).card
    truth = np.array([0, 1, 2, 2])
    uniform = compute_metrics({"truth": truth, "probabilities": np.full((4, 3), 1 / 3)}, card)
    assert uniform["loss"] == pytest.approx(math.log(3))
    assert uniform["accuracy"] == 0.25
    assert uniform["macro_f1"] == pytest.approx(0.4 / 3)  # class 0: precision 1/4, recall 1
    perfect = compute_metrics({"truth": truth, "probabilities": np.eye(3)[truth]}, card)
    assert perfect == {"accuracy": 1, "macro_f1": 1, "loss": 0}
    surely_wrong = compute_metrics({"truth": truth, "probabilities": np.eye(3)[(truth + 1) % 3]}, card)
    assert surely_wrong["accuracy"] == 0
    assert 700 < surely_wrong["loss"] < math.inf


def test_numbers():
    card = small.pairs("".join(f"{n} 1,{n}\n" for n in range(10))).card
    assert compute_metrics({"truth": np.array([1.0, 2.0]), "predicted": np.array([1.4, 2.6])}, card) == {
        "exact": 0.5,
        "mse": pytest.approx((0.16 + 0.36) / 2),
        "mae": pytest.approx(0.5),
    }
    assert "exact" not in compute_metrics({"truth": np.array([0.4]), "predicted": np.array([0.4])}, card)


def test_forecasts():
    card = small.series([1, 3, 2, 6, 4, 5, 7, 9, 8, 10]).card  # trained on the first six
    seasonal = (1 + 3 + 2 + 1) / 4
    found = {"truth": np.array([7.0, 9.0]), "predicted": np.array([8.0, 6.0])}
    assert compute_metrics(found, card) == {
        "mase": pytest.approx(2 / seasonal),
        "mae": 2,
        "rmse": pytest.approx(math.sqrt(5)),
    }


def test_a_series_that_repeats_itself_has_no_scaled_error():
    card = small.series([1, 2] * 5).card
    assert set(compute_metrics({"truth": np.ones(1), "predicted": np.ones(1)}, card)) == {"mae", "rmse"}
