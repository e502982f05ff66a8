"""The names of metrics: a headline at top level, and groups that sort as they are to be read."""

from pipeline.tracking import metric_names
from pipeline.tracking.metric_names import headline, interval_ends, name_curve, name_metrics

NUMBERS = {
    "validation": {"accuracy": {"value": 0.7}},
    "test": {
        "accuracy": {"value": 0.8, "low": 0.75, "high": 0.85, "seeds": {"mean": 0.78, "std": 0.01}},
        "loss": {"value": 0.5, "low": 0.4, "high": 0.6},
    },
}


def test_the_headline_alone_has_no_group():
    named = name_metrics(NUMBERS, "test.accuracy")
    assert named == {
        "other/validation.accuracy": 0.7,
        "test.accuracy": 0.8,
        "interval/accuracy.low": 0.75,
        "interval/accuracy.high": 0.85,
        "seeds/test.accuracy.mean": 0.78,
        "seeds/test.accuracy.std": 0.01,
        "other/test.loss": 0.5,
        "interval/loss.low": 0.4,
        "interval/loss.high": 0.6,
    }
    assert list(named)[:3] == ["test.accuracy", *interval_ends("test.accuracy")]


def test_without_a_headline_nothing_is_at_top_level():
    assert all("/" in name for name in name_metrics(NUMBERS, None))


def test_the_headline_is_of_test_rows_where_there_are_any():
    assert headline({"all_rows": "loss", "test": "accuracy", "validation": "accuracy"}) == "test.accuracy"
    assert headline({"all_rows": "mse"}) == "all_rows.mse"
    assert interval_ends("all_rows.mse") == ()


def test_groups_sort_as_they_are_read():
    assert list(metric_names.GROUPS) == sorted(metric_names.GROUPS)
    curves = ["train_loss", "validation_loss", "learning_rate"]
    names = [name_curve("train", column) for column in curves]
    assert names == ["curves/train_loss", "curves/validation_loss", "training/learning_rate"]
    assert name_curve("all_rows", "train_loss") == "curves/all_rows.train_loss"
    groups = [name.partition("/")[0] for name in (*names, *name_metrics(NUMBERS, None), metric_names.PER_EPOCH)]
    assert set(groups) <= set(metric_names.GROUPS)
    assert (min(groups), max(groups)) == ("curves", "training")
