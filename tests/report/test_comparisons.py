"""The significance of differences between models, in words."""

from itertools import combinations
from types import SimpleNamespace

import pytest

from pipeline.report import comparisons


def row(better, worse, low, high, significant):
    return {
        "better": better,
        "worse": worse,
        "metric": "accuracy",
        "difference": low,
        "low": low,
        "high": high,
        "significant": significant,
    }


def describe(*rows):
    return comparisons.part(SimpleNamespace(tables={"comparisons": list(rows)})).points


def test_significant_differences_come_with_their_interval_and_the_others_are_named():
    assert describe(row("gru", "rnn", "0.021", "0.034", "yes"), row("gru", "baseline", "-0.01", "0.02", "no")) == (
        "gru is significantly better than rnn (by 2.1 to 3.4 points of accuracy).",
        "Accuracy does not differ significantly between gru and the baseline.",
    )


def test_five_models_and_a_baseline_take_few_sentences():
    strong, weak = ("lstm", "gru", "deep"), ("rnn", "scratch", "baseline")
    rows = [row(one, other, "0.1", "0.2", "yes") for one in strong for other in weak]
    rows += [row(*pair, "-0.1", "0.2", "no") for group in (strong, weak) for pair in combinations(group, 2)]
    assert len(rows) == 15
    assert describe(*rows) == (
        *(
            f"{name} is significantly better than rnn (by 10 to 20 points of accuracy), scratch (by 10 to 20) "
            "and the baseline (by 10 to 20)."
            for name in strong
        ),
        "Accuracy does not differ significantly among lstm, gru and deep; among rnn, scratch and the baseline.",
    )


def test_pairs_that_share_a_name_are_put_together():
    assert describe(*(row("baseline", name, "-0.1", "0.2", "no") for name in ("gru", "lstm", "rnn"))) == (
        "Accuracy does not differ significantly between the baseline and gru, lstm or rnn.",
    )
    assert describe(row("a", "b", "-0.1", "0.2", "no"), row("c", "d", "-0.1", "0.2", "no")) == (
        "Accuracy does not differ significantly between a and b; between c and d.",
    )


def test_each_pair_without_a_significant_difference_is_named_and_no_other_is():
    names = "abcde"
    pairs = [("a", "b"), ("b", "c"), ("c", "d"), ("b", "d"), ("d", "e")]
    rows = [
        row(one, other, "0.01", "0.02", "no" if (one, other) in pairs else "yes")
        for one, other in combinations(names, 2)
    ]
    *_, last = describe(*rows)
    assert last == "Accuracy does not differ significantly between a and b; between d and e; among b, c and d."


def test_a_significant_difference_is_never_shown_as_zero():
    first, _ = describe(row("gru", "rnn", "0.00001", "0.034", "yes"), row("gru", "lstm", "-0.01", "0.02", "no"))
    assert first == "gru is significantly better than rnn (by 0.001 to 3.4 points of accuracy)."


@pytest.mark.parametrize("rows", [[], [row("baseline", "gru", "0.1", "0.2", "yes")]])
def test_there_is_no_such_part_for_fewer_than_two_pairs(rows):
    assert comparisons.part(SimpleNamespace(tables={"comparisons": rows})) is None


def test_a_lower_bound_that_is_shown_with_a_power_of_ten_is_kept():
    small = {**row("gru", "rnn", "0.00005", "0.002", "yes"), "metric": "loss"}
    (first,) = comparisons.describe_all([small])
    assert first == "gru is significantly better than rnn (by 5.0 × 10⁻⁵ to 0.0020 nats per symbol)."
