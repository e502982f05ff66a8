"""The significance of differences between models, in words."""

from itertools import combinations
from types import SimpleNamespace

import pytest

from pipeline.evaluation.about import Difference
from pipeline.report import comparisons

ACCURACY = Difference(name="accuracy", unit="points of accuracy", factor=100.0)
LOSS = Difference(name="loss", unit="nats per symbol")
STRONG, WEAK = ("lstm", "gru", "deep"), ("rnn", "scratch", "baseline")


def results(pairs, difference=ACCURACY, low="0.1", high="0.2"):
    """Return results with comparisons such as `gru > rnn` (significant) and `gru = lstm`."""
    named = [pair.split() for pair in pairs]
    rows = [
        {"better": better, "worse": worse, "significant": "yes" if sign == ">" else "no"}
        | {"difference": low, "low": low, "high": high}
        for better, sign, worse in named
    ]
    return SimpleNamespace(tables={"comparisons": rows}, difference=difference)


def describe(found):
    return list(comparisons.describe_all(found, found.tables["comparisons"]))


def test_five_models_and_a_baseline_take_few_sentences():
    pairs = [f"{one} > {other}" for one in STRONG for other in WEAK]
    pairs += [f"{one} = {other}" for group in (STRONG, WEAK) for one, other in combinations(group, 2)]
    assert len(pairs) == 15
    assert comparisons.part(results(pairs)).points == (
        *(
            f"{name} is significantly better than rnn (by 10 to 20 points of accuracy), scratch (by 10 to 20) "
            "and the baseline (by 10 to 20)."
            for name in STRONG
        ),
        "Accuracy does not differ significantly among lstm, gru and deep; among rnn, scratch and the baseline.",
    )


@pytest.mark.parametrize(
    ("pairs", "groups"),
    [
        (("gru = baseline", "lstm = baseline", "rnn = baseline"), "between the baseline and gru, lstm or rnn"),
        (("a = b", "c = d"), "between a and b; between c and d"),
        (("a = b", "b = c", "c = d", "b = d", "d = e"), "between a and b; between d and e; among b, c and d"),
    ],
)
def test_each_pair_without_a_significant_difference_is_named_and_no_other_is(pairs, groups):
    assert describe(results(pairs)) == [f"Accuracy does not differ significantly {groups}."]


@pytest.mark.parametrize(
    ("low", "difference", "interval"),
    [
        ("0.00001", ACCURACY, "0.001 to 3.4 points of accuracy"),
        ("0.00005", LOSS, "5.0 × 10⁻⁵ to 0.034 nats per symbol"),
    ],
)
def test_a_significant_difference_is_never_shown_as_zero(low, difference, interval):
    (found,) = describe(results(["gru > rnn"], difference, low, "0.034"))
    assert found == f"gru is significantly better than rnn (by {interval})."


@pytest.mark.parametrize("pairs", [[], ["baseline > gru"]])
def test_there_is_no_such_part_for_fewer_than_two_pairs(pairs):
    assert comparisons.part(results(pairs)) is None


def test_a_model_is_compared_with_those_worse_and_better_than_it_and_with_the_others():
    found = results(["gru > rnn", "deep > gru", "gru = baseline", "deep > rnn"])
    assert list(comparisons.describe_model(found, "gru")) == [
        "gru is significantly better than rnn (by 10 to 20 points of accuracy).",
        "gru is significantly worse than deep (by 10 to 20 points of accuracy).",
        "gru does not differ significantly in accuracy from the baseline.",
    ]


def test_of_very_many_models_pairs_are_counted_and_the_first_names_shown():
    names = [f"m{number:02}" for number in range(40)]
    found = results([f"{one} {'>' if one == 'm00' else '='} {other}" for one, other in combinations(names, 2)])
    assert describe(found) == ["39 of 780 pairs differ significantly; tables/comparisons.csv has all of them."]
    (best,) = comparisons.describe_model(found, "m00")
    assert best.endswith("m10 (by 10 to 20) and 29 more.")
    _, similar = comparisons.describe_model(found, "m01")
    assert similar.endswith("m10, m11 or 28 more.")


def test_names_are_left_out_only_of_more_than_a_reader_can_take_in():
    names = [f"m{number:02}" for number in range(comparisons.MOST_IN_WORDS)]
    assert comparisons.join_some(names) == f"{', '.join(names[:-1])} and {names[-1]}"
