"""How far apart the metrics of two machines may be."""

import pytest

from pipeline.reproduce.agreement import compare_metrics


def metric(mean, low=None, high=None, **more):
    return {"mean": mean, "low": mean if low is None else low, "high": mean if high is None else high, **more}


def ratio(one, other):
    (difference,) = compare_metrics({"test": {"accuracy": one}}, {"test": {"accuracy": other}}, "names")
    assert difference.name == "names.test.accuracy"
    assert difference.agrees == (difference.ratio <= 1)
    return difference.ratio


def test_metrics_agree_where_their_intervals_overlap():
    assert ratio(metric(0.80, 0.78, 0.82), metric(0.83, 0.81, 0.85)) == pytest.approx(0.75)
    assert ratio(metric(0.80, 0.78, 0.82), metric(0.86, 0.85, 0.87)) > 1


def test_the_cut_of_an_interval_at_1_does_not_count():
    assert ratio(metric(0.99, 0.95, 1.0), metric(0.953)) < 1


def test_metrics_without_an_interval_agree_to_one_percent():
    assert ratio(metric(3.5), metric(3.53)) < 1
    assert ratio(metric(3.5), metric(3.54)) > 1
    assert ratio(metric(0.0), metric(1e-9)) < 1
    assert ratio(metric(3.5, 3.499, 3.501), metric(3.53, 3.529, 3.531)) < 1  # intervals that are narrower


def test_each_metric_is_compared_and_named():
    one = {"gru": {"test": {"loss": metric(1.0), "mae": metric(2.0, ensemble=2.5)}}, "bound": {"test": {}}}
    other = {"gru": {"test": {"loss": metric(1.5), "mae": metric(2.0, ensemble=2.6)}}, "bound": {"test": {}}}
    found = list(compare_metrics(one, other))
    assert [difference.name for difference in found] == ["gru.test.loss", "gru.test.mae"]
    assert [difference.agrees for difference in found] == [False, True]
    assert str(found[0]) == "gru.test.loss: 1, now 1.5, tolerance 0.015"


def test_a_model_may_be_called_mean():
    metrics = {"mean": {"test": {"loss": metric(1.0)}}}
    assert [difference.name for difference in compare_metrics(metrics, metrics)] == ["mean.test.loss"]


@pytest.mark.parametrize("other", [{}, {"gru": {}, "lstm": {}}, {"gru": {"test": {}}}, {"gru": 0.5}])
def test_different_keys_cannot_be_compared(other):
    with pytest.raises(ValueError, match="different keys"):
        list(compare_metrics({"gru": {"all_rows": {"loss": metric(1.0)}}}, other))
