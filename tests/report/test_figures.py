"""The figures of report and model cards are those that `evaluate` wrote, in the right places."""

import pytest

from pipeline.report.format import NONE, format_interval, format_numbers
from tests.report.test_facts import ENSEMBLE, PUBLISHED, SEEDS


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
    return f"{values['mean']:.4g}" if name == "bound" and values else format_interval(values)


def test_the_summary_has_a_row_for_the_test_rows_and_one_for_all_rows(view, read):
    test, all_rows, *_ = view.summary.rows
    results, columns = read("words"), ("words-lstm", "baseline", "bound")
    loss = (shown(results, name, "all_rows", "loss") for name in columns)
    accuracy = (shown(results, name, "test", "letter_accuracy") for name in columns[:2])
    published = "0.26 (mean loss); on the training words"
    size = f"{results.models['words-lstm'].parameters}"
    assert test == ("words", "5 held-out words", "words-lstm", "letter accuracy ↑", *accuracy, NONE, NONE, size)
    place = ("words", "all 24 words (memorisation)", "words-lstm", "loss (nats) ↓")
    assert all_rows == (*place, *loss, published, size)
    (lyrics,) = (row for row in view.summary.rows if row[0] == "lyrics")  # of all rows, but it has no such split
    assert lyrics[-2].endswith("on the training text")


@pytest.mark.parametrize("dataset", ["words", "sales", "names"])
def test_results_are_those_of_metrics_json(read, tables, dataset):
    results = read(dataset)
    for split, table in zip(results.splits, tables(dataset, "Results"), strict=True):
        chosen_on = {"validation": results.about.primary_metrics["test"]} if split == "test" else {}
        for name, row in table.items():
            wanted = [*chosen_on.items(), *((split, metric) for metric in results.measured(split))]
            assert list(row[:-1]) == [shown(results, name, *each) for each in wanted]


def test_the_values_of_each_seed_are_those_of_seeds_csv(read, tables):
    results = read("words")
    for split, table in zip(results.splits, tables("words", SEEDS), strict=True):
        place = {"model": "words-lstm", "split": split, "metric": results.about.primary_metrics[split]}
        values = [float(row["value"]) for row in results.values if row.items() >= place.items()]
        assert table == {"words-lstm": tuple(format_numbers(values))}


@pytest.mark.parametrize(("dataset", "metric"), [("names", "accuracy"), ("words", "perplexity")])
def test_ensembles_are_beside_single_networks(read, tables, dataset, metric):
    results = read(dataset)
    values = {model: results.metrics[model]["test"][metric] for model in results.models}
    wanted = {model: tuple(format_numbers([of["mean"], of["ensemble"]])) for model, of in values.items()}
    assert tables(dataset, ENSEMBLE) == [wanted]


def test_a_model_card_has_the_results_of_each_split_and_seed_and_the_published_figures(read, view, tables):
    results, (*splits, seeds, published) = read("words"), tables("words-lstm", "Results")
    for split, table in zip(("test", "validation", "all_rows"), splits, strict=True):
        names = ("words-lstm", "baseline", "bound")[: 3 if split == "all_rows" else 2]
        for metric in results.measured(split):
            assert list(table[results.label(metric)]) == [shown(results, name, split, metric) for name in names]
    assert set(seeds) == {"test", "validation", "all_rows"}
    loss = shown(results, "words-lstm", "all_rows", "loss")
    assert published["0.26 (mean loss)"][:2] == ("the training words", loss)
    assert published["0.26 (mean loss)"][-1] == "3.16 (epoch 0)"


def test_a_published_figure_of_one_input_has_the_prediction_for_it(tables):
    (probes,) = tables("binary", "Predictions for single inputs")
    (published,) = tables("binary", PUBLISHED)
    assert published["binary-lstm"][2] == probes["1 1 1 1"][1]


def test_a_model_card_has_every_param(read, tables):
    block = read("words").models["words-lstm"].params
    keys = {key for key in type(block).model_fields if getattr(block, key) is not None}
    assert set(tables("words-lstm", "Training")[1]) == keys - {"schedule"} | {"schedule.kind"}
