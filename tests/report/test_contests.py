"""Differences between models in words."""

from types import SimpleNamespace

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


def test_what_holds_is_told_with_its_interval_and_the_rest_as_open():
    rows = [row("gru", "rnn", "0.021", "0.034", "yes"), row("gru", "lstm", "-0.01", "0.02", "no")]
    part = contests.part(SimpleNamespace(tables={"comparisons": rows}))
    assert part.points == (
        "gru beats rnn by 2.1 to 3.4 points of accuracy.",
        "Cannot be told apart: gru and lstm.",
    )


def test_there_is_no_such_part_without_pairs():
    assert contests.part(SimpleNamespace(tables={})) is None
