import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.baselines import ngrams

SYMBOLS = 5
TEXTS = st.lists(st.integers(0, SYMBOLS - 1), min_size=1, max_size=60).map(lambda text: np.array(text, dtype=np.int64))


def shares(text: list[int], order: int, whole: list[int]) -> list[float]:
    """Return the probabilities of what follows the last symbol but one."""
    model = ngrams.learn(np.array(text), 3, order)
    return list(model.probabilities(np.array(whole), len(whole) - 1, len(whole))[0])


def test_one_symbol_is_its_discounted_share_mixed_with_a_uniform_one():
    # of a b a b b: a 2, b 3, minus 1 and 1.5; the 2.5 taken away, half of all, goes to each symbol alike
    assert shares([0, 1, 0, 1, 1], 1, [2]) == pytest.approx([1 / 5 + 1 / 6, 1.5 / 5 + 1 / 6, 1 / 6])


def test_two_symbols_by_hand():
    # Shorter context: a stands after 1 symbol, b after 2, of 3: a 0.5 / 3, b 1 / 3, and half of all to each alike.
    shorter = np.array([0.5 / 3 + 0.5 / 3, 1 / 3 + 0.5 / 3, 0.5 / 3])
    # After a: b twice, minus 1. After b: a and b once, minus 0.5 each. The text has no c: the shorter alone.
    assert shares([0, 1, 0, 1, 1], 2, [0, 0]) == pytest.approx([0, 1 / 2, 0] + shorter / 2)
    assert shares([0, 1, 0, 1, 1], 2, [1, 0]) == pytest.approx([0.5 / 2, 0.5 / 2, 0] + shorter / 2)
    assert shares([0, 1, 0, 1, 1], 2, [2, 0]) == pytest.approx(shorter)


def test_discounts_are_those_of_chen_and_goodman():
    text = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7])  # 4, 3, 2, 2 and four times 1
    # share = 4 / (4 + 2 * 2) = 0.5
    wanted = [0, 1 - 2 * 0.5 * 2 / 4, 2 - 3 * 0.5 * 1 / 2, 3 - 4 * 0.5 * 1 / 1]
    assert ngrams.learn(text, 8, 1).levels[0].followers.discounts == pytest.approx(wanted)


@given(TEXTS, TEXTS, st.integers(1, 6))
def test_probabilities_are_a_distribution_over_all_symbols(text, whole, order):
    found = ngrams.learn(text, SYMBOLS, order).probabilities(whole, 0, len(whole))
    assert found.sum(1) == pytest.approx(np.ones(len(whole)))
    assert (found > 0).all()


@given(TEXTS, TEXTS, st.integers(1, 4), st.integers(0, SYMBOLS - 1))
def test_what_comes_later_changes_nothing(text, whole, order, last):
    model = ngrams.learn(text, SYMBOLS, order)
    before, after = (model.predict(text, np.append(whole, symbol)) for symbol in (last, (last + 1) % SYMBOLS))
    assert np.array_equal(before["best"], after["best"])
    assert np.array_equal(before["nats"][:-1], after["nats"][:-1])


@given(TEXTS, TEXTS, st.integers(1, 4))
def test_portions_and_the_past_are_seamless(text, whole, order):
    model = ngrams.learn(text, SYMBOLS, order)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngrams, "CELLS", 3 * SYMBOLS)
        in_portions = model.predict(np.zeros(0, np.int64), whole)["nats"]
    assert np.array_equal(in_portions, model.predict(np.zeros(0, np.int64), whole)["nats"])
    gone_on = model.predict(whole[:1], whole[1:])["nats"]
    assert gone_on == pytest.approx(in_portions[1:])


def test_a_longer_look_back_finds_a_longer_pattern():
    text = np.array([0, 0, 1, 0, 0, 2] * 40)  # after 0 0 comes 1 or 2, by turns
    costs = [ngrams.learn(text, 3, order).predict(text, text)["nats"].mean() for order in (2, 3, 6)]
    assert costs[0] > costs[1] + 0.1 > costs[2] + 0.2
    assert costs[2] < 0.15
