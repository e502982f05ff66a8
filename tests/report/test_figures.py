"""The figures of report and model cards are those that `evaluate` wrote, in the right places."""

import pytest

from pipeline import spreadsheets
from pipeline.report.format import NONE, format_interval, format_number, format_numbers, format_spread
from tests.report.test_facts import MEMORISATION, PUBLISHED, SEEDS


@pytest.fixture
def tables(view):
    """Return a function that gives the tables of a part, each as its rows by name."""
    found = {
        (each.name, part.heading): [{row[0]: row[1:] for row in table.rows} for table in part.tables]
        for each in (*view.sections, *view.model_cards.values())
        for part in each.parts
    }
    return lambda place, heading: found[place, heading]


def shown(results, name, split, metric):
    values = results.metrics[name].get(split, {}).get(metric)
    return f"{values['value']:.4g}" if name == "bound" and values else format_interval(values)


def test_the_summary_has_the_best_model_of_each_data_set_on_test_rows(view, read):
    results, words, *_ = read("words"), *view.summary.rows
    accuracy = (shown(results, name, "test", "letter_accuracy") for name in ("words-lstm", "baseline"))
    size = f"{results.models['words-lstm'].parameters}"
    assert words == ("words", "5 held-out words", "words-lstm", "letter accuracy ↑", *accuracy, NONE, size)


def test_nothing_is_best_where_no_rows_are_held_out(view, read):
    (overfit,) = (row for row in view.summary.rows if row[0] == "overfit")
    error = format_number(read("overfit").value("overfit-lstm", "all_rows", "mse"))
    assert overfit[1:5] == (
        "the only row (memorisation)",
        "none: no rows are held out",
        "mean squared error ↓",
        f"overfit-lstm {error}",
    )


@pytest.mark.parametrize("dataset", ["words", "sales", "names"])
def test_results_are_those_of_metrics_json(read, tables, dataset):
    results = read(dataset)
    (table,) = tables(dataset, "Results")
    for name, row in table.items():
        chosen_by = ("validation", results.about.primary_metrics["test"])
        wanted = [chosen_by, *(("test", metric) for metric in results.measured("test"))]
        assert list(row[:-1]) == [shown(results, name, *each) for each in wanted]


def test_memorisation_is_apart_and_has_no_interval(read, tables):
    results = read("words")
    (table,) = tables("words", MEMORISATION)
    for name, row in table.items():
        values = (results.value(name, "all_rows", metric) for metric in results.measured("all_rows"))
        assert list(row[:-1]) == [f"{value:.4g}" if name == "bound" else format_number(value) for value in values]


def test_the_values_of_each_seed_are_those_of_seeds_csv_with_their_spread(read, tables):
    results = read("words")
    for split, table in zip(results.splits, tables("words", SEEDS), strict=True):
        values = list(results.of_seeds("words-lstm", split, results.about.primary_metrics[split]).values())
        assert table == {"words-lstm": (*format_numbers(values), format_spread(values))}


def test_a_model_card_has_the_results_of_each_split_and_seed_and_the_published_figures(read, view, tables):
    results, (*splits, seeds, published) = read("words"), tables("words-lstm", "Results")
    for split, table in zip(("test", "validation", "all_rows"), splits, strict=True):
        names = ("words-lstm", "baseline", "bound")[: 3 if split == "all_rows" else 2]
        for metric in results.measured(split):
            assert list(table[results.label(metric)]) == [shown(results, name, split, metric) for name in names]
    assert set(seeds) == {"test", "validation", "all_rows"}
    assert list(published) == ["mean loss, epoch 1", "mean loss, epoch 900"]


def test_a_published_loss_is_beside_the_mean_training_loss_of_that_epoch(read, tables):
    rows = [
        row for row in read("words").models["words-lstm"].history if (row["epoch"], row["fit"]) == ("1", "all_rows")
    ]
    loss = sum(float(row["train_loss"]) for row in rows) / 2
    assert tables("words-lstm", "Results")[-1]["mean loss, epoch 1"][:3] == (
        "1.45",
        f"{loss:.2f}",
        f"{loss - 1.45:+.3g}",
    )


def test_a_published_answer_is_beside_the_prediction_for_the_same_input(tables):
    (probes,) = tables("binary", "Predictions for single inputs")
    (published,) = tables("binary", PUBLISHED)
    assert float(published["binary-lstm"][2]) == pytest.approx(float(probes["1 1 1 1"][1]), abs=0.06)


def test_the_verdicts_are_counted(view):
    (table,) = view.published.tables
    counts = {row[0]: row[1:] for row in table.rows}
    assert counts["words-lstm"] == ("as published", "1", "1", "0")
    assert counts["overfit-lstm"] == ("ours", "0", "0", "1")
    assert counts["all models"] == ("", "4", "2", "2")


def test_a_model_card_has_every_param(read, tables):
    block = read("words").models["words-lstm"].params
    keys = {key for key in type(block).model_fields if getattr(block, key) is not None}
    assert set(tables("words-lstm", "Training")[1]) == keys - {"schedule"} | {"schedule.kind"}


def test_a_model_card_has_the_texts_written_during_training(tables, inside):
    assert len(tables("words-lstm", "Training")) == 2
    _, written, _ = tables("text-lstm", "Training")
    rows = [row for row in spreadsheets.read_csv(inside / "models/text/text-lstm/samples.csv") if row["seed"] == "1"]
    assert written == {row["epoch"]: (row["prefix"], row["text"]) for row in rows}
    assert list(written) == ["1", "2"]
