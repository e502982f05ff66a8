"""What is allowed between the metrics of two machines."""

import pytest

from pipeline.agreement import shifts


def metric(mean, low=None, high=None, **more):
    return {"mean": mean, "low": mean if low is None else low, "high": mean if high is None else high, **more}


def share(one, other):
    (found,) = shifts({"test": {"accuracy": one}}, {"test": {"accuracy": other}}, "names")
    assert found.place == "names.test.accuracy"
    return found.share


def test_metrics_agree_where_their_intervals_overlap():
    assert share(metric(0.80, 0.78, 0.82), metric(0.83, 0.81, 0.85)) == pytest.approx(0.75)
    assert share(metric(0.80, 0.78, 0.82), metric(0.86, 0.85, 0.87)) > 1


def test_an_interval_that_is_cut_counts_as_it_was():
    assert share(metric(0.99, 0.95, 1.0), metric(0.953)) < 1


def test_what_has_no_interval_agrees_to_a_hundredth():
    assert share(metric(3.5), metric(3.53)) < 1
    assert share(metric(3.5), metric(3.54)) > 1
    assert share(metric(0.0), metric(1e-9)) < 1
    assert share(metric(3.5, 3.499, 3.501), metric(3.53, 3.529, 3.531)) < 1  # also with small ones


def test_each_metric_is_compared_and_named():
    one = {"gru": {"test": {"loss": metric(1.0), "mae": metric(2.0, together=2.5)}}, "limit": {"test": {}}}
    other = {"gru": {"test": {"loss": metric(1.5), "mae": metric(2.0, together=2.6)}}, "limit": {"test": {}}}
    found = list(shifts(one, other))
    assert [shift.place for shift in found] == ["gru.test.loss", "gru.test.mae"]
    assert [shift.share > 1 for shift in found] == [True, False]
    assert str(found[0]) == "gru.test.loss: 1, now 1.5, 0.015 apart is allowed"


def test_a_model_may_be_called_mean():
    found = {"mean": {"test": {"loss": metric(1.0)}}}
    assert [shift.place for shift in shifts(found, found)] == ["mean.test.loss"]


@pytest.mark.parametrize("other", [{}, {"gru": {}, "lstm": {}}, {"gru": {"test": {}}}, {"gru": 0.5}])
def test_other_entries_cannot_be_compared(other):
    with pytest.raises(ValueError, match="other keys"):
        list(shifts({"gru": {"train": {"loss": metric(1.0)}}}, other))
