import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data.prepared import ALL_ROWS, TRAIN
from pipeline.evaluation.baselines import bounds
from tests.support import small
from tests.support.project import REPOSITORY

EVERY_ROW = {"validation": 0.0, "test": 0.0, "refit": True}


def rows(prepared):
    return prepared.splits["train"]


def texts(*pairs: tuple[str, int]) -> dict[str, np.ndarray]:
    width = max(len(text) for text, _ in pairs)
    return {
        "symbols": np.array([[*text.encode(), *[0] * (width - len(text))] for text, _ in pairs], dtype=np.uint8),
        "lengths": np.array([len(text) for text, _ in pairs]),
        "labels": np.array([label for _, label in pairs]),
    }


def test_words_by_hand():
    # Second letters: after a: b b c, two of them b; after c: a. Third letters: after ab: a c, one of them a; the others
    # are certain.
    found = bounds.next_symbol_bound(ALL_ROWS, rows(small.words("aba\nabc\nacb\ncab\n", **EVERY_ROW)))
    nll = [math.log(3 / 2)] * 2 + [math.log(3)] + [0] + [math.log(2)] * 2 + [0, 0]
    assert found["loss"] == pytest.approx(sum(nll) / 8)
    assert found["perplexity"] == pytest.approx(math.exp(sum(nll) / 8))
    assert found["bits_per_symbol"] == pytest.approx(sum(nll) / 8 / math.log(2))
    assert found["letter_accuracy"] == (2 + 1 + 1 + 2) / 8
    assert found["final_letter_accuracy"] == 3 / 4


def test_final_letters_have_a_bound_of_their_own():
    # After a: b twice and c once; but of the final letters b never and c once.
    found = bounds.next_symbol_bound(ALL_ROWS, rows(small.words("aba\nabb\nac\n", **EVERY_ROW)))
    assert found["letter_accuracy"] == (2 + 1) / 5
    assert found["final_letter_accuracy"] == (1 + 1) / 3


def test_the_fifty_words_have_the_documented_bound():
    content = (REPOSITORY / "data/raw/words.txt").read_text()
    found = bounds.next_symbol_bound(ALL_ROWS, rows(small.words(content, "abcdefghijklmnopqrstuvwxyz", **EVERY_ROW)))
    assert found["loss"] == pytest.approx(0.264369, abs=5e-7)
    assert (found["letter_accuracy"], found["final_letter_accuracy"]) == (0.855, 1.0)


def test_held_out_words_have_no_bound():
    assert bounds.next_symbol_bound(TRAIN, rows(small.words("aba\nabc\n", **EVERY_ROW))) == {}


def test_texts_under_several_labels_by_hand():
    arrays = texts(("lee", 0), ("lee", 1), ("lee", 1), ("le", 0), ("kim", 2), ("kim", 0))
    found = bounds.classify_bound(TRAIN, arrays)
    assert found["accuracy"] == (2 + 1 + 1) / 6
    assert found["loss"] == pytest.approx((2 * math.log(3 / 2) + math.log(3) + 2 * math.log(2)) / 6)


def test_numbers_by_hand():
    # The targets of 0 1 are 2, 2 and 8: mean 4, median 2, most frequent 2; the other row is certain.
    arrays = {"inputs": np.array([[0, 1], [0, 1], [0, 1], [1, 0]], np.float32), "targets": np.array([2, 2, 8, 5])}
    found = bounds.regress_bound(TRAIN, arrays)
    assert found == {"exact": 3 / 4, "mse": pytest.approx((4 + 4 + 16) / 4), "mae": pytest.approx(6 / 4)}


def test_errors_are_zero_where_inputs_determine_their_targets():
    inputs = np.array([[0.1], [0.2], [0.1], [-0.0], [0.0]], np.float32)
    arrays = {"inputs": inputs, "targets": np.array([0.7, 0.3, 0.7, 0.1, 0.1], np.float32)}
    assert bounds.regress_bound(ALL_ROWS, arrays) == {
        "mse": 0.0,
        "mae": 0.0,
    }  # `exact` is a metric of whole numbers only


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "ab"]), st.integers(0, 2)), min_size=1), st.data())
def test_no_function_of_the_text_passes_the_bound(pairs, draws):
    bound = bounds.classify_bound(TRAIN, texts(*pairs))
    predicted = {text: draws.draw(st.integers(0, 2)) for text in ("a", "b", "ab")}
    assert sum(predicted[text] == label for text, label in pairs) / len(pairs) <= bound["accuracy"] + 1e-12
    shares = {text: draws.draw(st.tuples(*[st.integers(1, 9)] * 3)) for text in ("a", "b", "ab")}
    nll = [math.log(sum(shares[text]) / shares[text][label]) for text, label in pairs]
    assert sum(nll) / len(nll) >= bound["loss"] - 1e-12
