import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.baselines import ngrams

SYMBOLS = 5
TEXTS = st.lists(st.integers(0, SYMBOLS - 1), min_size=1, max_size=60).map(lambda text: np.array(text, dtype=np.int64))


def probabilities(text: list[int], order: int, read: list[int]) -> list[float]:
    """Return the probability of each symbol in the place of the last one that is read."""
    model = ngrams.fit_ngrams(np.array(text), 3, order)
    return list(model.probabilities(np.array(read), len(read) - 1, len(read))[0])


def test_order_1_mixes_discounted_shares_with_a_uniform_distribution():
    # of a b a b b: a 2, b 3, minus 1 and 1.5; the discounted 2.5, half of all, are spread evenly
    assert probabilities([0, 1, 0, 1, 1], 1, [2]) == pytest.approx([1 / 5 + 1 / 6, 1.5 / 5 + 1 / 6, 1 / 6])


def test_order_2_by_hand():
    # Shorter context: a follows 1 symbol, b follows 2, of 3: a 0.5 / 3, b 1 / 3, and half of all is spread evenly.
    shorter = np.array([0.5 / 3 + 0.5 / 3, 1 / 3 + 0.5 / 3, 0.5 / 3])
    # After a: b twice, minus 1. After b: a and b once, minus 0.5 each. The text has no c: the shorter alone.
    assert probabilities([0, 1, 0, 1, 1], 2, [0, 0]) == pytest.approx([0, 1 / 2, 0] + shorter / 2)
    assert probabilities([0, 1, 0, 1, 1], 2, [1, 0]) == pytest.approx([0.5 / 2, 0.5 / 2, 0] + shorter / 2)
    assert probabilities([0, 1, 0, 1, 1], 2, [2, 0]) == pytest.approx(shorter)


def test_discounts_are_those_of_chen_and_goodman():
    text = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7])  # 4, 3, 2, 2 and four times 1
    # share = 4 / (4 + 2 * 2) = 0.5
    wanted = [0, 1 - 2 * 0.5 * 2 / 4, 2 - 3 * 0.5 * 1 / 2, 3 - 4 * 0.5 * 1 / 1]
    assert ngrams.fit_ngrams(text, 8, 1).levels[0].followers.discounts == pytest.approx(wanted)


@given(TEXTS, TEXTS, st.integers(1, 6))
def test_probabilities_are_a_distribution_over_all_symbols(text, read, order):
    found = ngrams.fit_ngrams(text, SYMBOLS, order).probabilities(read, 0, len(read))
    assert found.sum(1) == pytest.approx(np.ones(len(read)))
    assert (found > 0).all()


@given(TEXTS, TEXTS, st.integers(1, 4), st.integers(0, SYMBOLS - 1))
def test_later_symbols_do_not_matter(text, read, order, last):
    model = ngrams.fit_ngrams(text, SYMBOLS, order)
    before, after = (model.predict(text, np.append(read, symbol)) for symbol in (last, (last + 1) % SYMBOLS))
    assert np.array_equal(before["best"], after["best"])
    assert np.array_equal(before["nll"][:-1], after["nll"][:-1])


@given(TEXTS, TEXTS, st.integers(1, 4))
def test_portions_and_the_past_change_nothing(text, read, order):
    model = ngrams.fit_ngrams(text, SYMBOLS, order)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngrams, "MAX_PROBABILITIES", 3 * SYMBOLS)
        in_portions = model.predict(np.zeros(0, np.int64), read)["nll"]
    assert np.array_equal(in_portions, model.predict(np.zeros(0, np.int64), read)["nll"])
    continued = model.predict(read[:1], read[1:])["nll"]
    assert continued == pytest.approx(in_portions[1:])


def test_a_higher_order_finds_a_longer_pattern():
    text = np.array([0, 0, 1, 0, 0, 2] * 40)  # after 0 0 comes 1 or 2, by turns
    losses = [ngrams.fit_ngrams(text, 3, order).predict(text, text)["nll"].mean() for order in (2, 3, 6)]
    assert losses[0] > losses[1] + 0.1 > losses[2] + 0.2
    assert losses[2] < 0.15
