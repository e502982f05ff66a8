"""How far apart the metrics of two machines may be."""

import json

import pytest

from pipeline.reproduce.agreement import compare_metrics, describe_difference, read_numbers


def metric(value, std=None, **more):
    return {"value": value, **({} if std is None else {"seeds": {"mean": value, "std": std}}), **more}


def numbers(metrics):
    return read_numbers(json.dumps(metrics).encode(), "names")


def ratio(one, other):
    (difference,) = compare_metrics(numbers({"test": {"accuracy": one}}), numbers({"test": {"accuracy": other}}))
    assert difference.name == "names.test.accuracy"
    return difference.ratio


def test_metrics_agree_within_three_standard_deviations_of_the_seeds():
    assert ratio(metric(0.80, 0.02), metric(0.83, 0.01)) == pytest.approx(0.5)
    assert ratio(metric(0.80, 0.01), metric(0.84, 0.01)) > 1


def test_metrics_without_several_seeds_agree_to_one_percent():
    assert ratio(metric(3.5), metric(3.53)) < 1
    assert ratio(metric(3.5), metric(3.54)) > 1
    assert ratio(metric(0.0), metric(1e-9)) < 1
    assert ratio(metric(3.5, 0.001), metric(3.53, 0.001)) < 1  # seeds that differ less


def test_each_metric_is_compared_and_named():
    one = {"gru": {"test": {"loss": metric(1.0), "mae": metric(2.0, low=1.5)}}, "bound": {"test": {}}}
    other = {"gru": {"test": {"loss": metric(1.5), "mae": metric(2.0, low=1.6)}}, "bound": {"test": {}}}
    found = compare_metrics(numbers(one), numbers(other))
    assert [str(found[0]), found[1].name] == ["names.gru.test.loss: 1, now 1.5, tolerance 0.015", "names.gru.test.mae"]
    assert [difference.ratio <= 1 for difference in found] == [False, True]


def test_a_model_may_be_called_value():
    metrics = numbers({"value": {"test": {"loss": metric(1.0)}}})
    assert [difference.name for difference in compare_metrics(metrics, metrics)] == ["names.value.test.loss"]


@pytest.mark.parametrize(
    ("one", "other", "description"),
    [
        ({"x": 1.0, "y": 2}, {"x": 1.5, "y": 2}, "1 of 2 numbers, by up to 3.3e-01 (names.x: 1, now 1.5)"),
        (
            {"x": 0.0, "y": {"z": 1}},
            {"x": -0.5, "y": {"z": 2}},
            "2 of 2 numbers, by up to 1.0e+00 (names.x: 0, now -0.5)",
        ),
        ({"x": 1}, {"x": 1.0}, "the same numbers, formatted differently"),
        ({"x": 1}, {"y": 1, "z": 2}, "other metrics, which cannot be compared"),
        ({"x": "a"}, {"x": 1}, "other metrics, which cannot be compared"),
        ([1], {"x": 1}, "other metrics, which cannot be compared"),
    ],
)
def test_the_largest_relative_difference_is_named(one, other, description):
    assert describe_difference(numbers(one), numbers(other)) == description
