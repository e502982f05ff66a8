"""Differences between models in words."""

from itertools import combinations
from types import SimpleNamespace

import pytest

from pipeline.report import contests


def row(better, worse, low, high, holds):
    return {
        "better": better,
        "worse": worse,
        "measure": "accuracy",
        "difference": low,
        "low": low,
        "high": high,
        "holds": holds,
    }


def told(*rows):
    return contests.part(SimpleNamespace(tables={"comparisons": list(rows)})).points


def test_what_holds_is_told_with_its_interval_and_the_rest_as_open():
    assert told(row("gru", "rnn", "0.021", "0.034", "yes"), row("gru", "baseline", "-0.01", "0.02", "no")) == (
        "gru beats rnn by 2.1 to 3.4 points of accuracy.",
        "No difference of accuracy holds between gru and the baseline.",
    )


def test_five_models_and_a_baseline_take_few_sentences():
    strong, weak = ("lstm", "gru", "deep"), ("rnn", "scratch", "baseline")
    rows = [row(one, other, "0.1", "0.2", "yes") for one in strong for other in weak]
    rows += [row(*pair, "-0.1", "0.2", "no") for group in (strong, weak) for pair in combinations(group, 2)]
    assert len(rows) == 15
    assert told(*rows) == (
        *(
            f"{name} beats rnn by 10 to 20, scratch by 10 to 20 and the baseline by 10 to 20 points of accuracy."
            for name in strong
        ),
        "No difference of accuracy holds among lstm, gru and deep; among rnn, scratch and the baseline.",
    )


def test_pairs_that_share_a_name_are_told_in_one():
    assert told(*(row("baseline", name, "-0.1", "0.2", "no") for name in ("gru", "lstm", "rnn"))) == (
        "No difference of accuracy holds between the baseline and gru, lstm or rnn.",
    )
    assert told(row("a", "b", "-0.1", "0.2", "no"), row("c", "d", "-0.1", "0.2", "no")) == (
        "No difference of accuracy holds between a and b; between c and d.",
    )


def test_each_open_pair_is_told_and_no_other_is():
    names = "abcde"
    pairs = [("a", "b"), ("b", "c"), ("c", "d"), ("b", "d"), ("d", "e")]
    rows = [
        row(one, other, "0.01", "0.02", "no" if (one, other) in pairs else "yes")
        for one, other in combinations(names, 2)
    ]
    groups = list(contests._groups(rows, {frozenset(pair) for pair in pairs}))
    found = {frozenset(pair) for group in groups for pair in combinations(group, 2)}
    assert found == {frozenset(pair) for pair in pairs}
    assert len(groups) == 3


def test_a_difference_that_holds_is_never_shown_as_none():
    first, _ = told(row("gru", "rnn", "0.00001", "0.034", "yes"), row("gru", "lstm", "-0.01", "0.02", "no"))
    assert first == "gru beats rnn by 0.001 to 3.4 points of accuracy."


@pytest.mark.parametrize("rows", [[], [row("baseline", "gru", "0.1", "0.2", "yes")]])
def test_there_is_no_such_part_without_pairs_or_with_one_which_the_verdict_tells(rows):
    assert contests.part(SimpleNamespace(tables={"comparisons": rows})) is None


def test_a_lower_bound_that_is_shown_with_a_power_of_ten_is_kept():
    small = {**row("gru", "rnn", "0.00005", "0.002", "yes"), "measure": "loss"}
    (first,) = contests.told([small])
    assert first == "gru beats rnn by 5.0 × 10⁻⁵ to 0.0020 nats a symbol."
