"""The content of the run that compares all models of a data set."""

import shutil

import pytest
from PIL import Image

from pipeline import files, paths
from pipeline.params import load_params
from pipeline.tracking import comparison
from tests.support.project import DATASETS, LEAKING
from tests.tracking.conftest import work_in

ENDS = ("low", "difference", "high")

pytestmark = pytest.mark.xdist_group("tracking")


@pytest.fixture
def compare(evaluated_project, tmp_path):
    """Return a function that compares the models of a data set of a project with results of every format."""
    with work_in(evaluated_project):
        params = load_params()
        yield lambda dataset: comparison.build(dataset, params, tmp_path)


@pytest.mark.parametrize("dataset", DATASETS)
def test_files_have_the_same_names_for_every_data_set(compare, dataset):
    compared = compare(dataset)
    (figure,) = compared.artifacts
    assert figure.name == comparison.FIGURE
    with Image.open(figure) as image:
        assert image.format == "PNG"
    assert set(compared.tables) == {comparison.VALUES, comparison.DIFFERENCES}
    for table in compared.tables.values():
        assert len({len(column) for column in table.values()}) <= 1


def test_the_figure_shows_models_best_first_then_baselines_and_bound(compare):
    names = compare("names").tables[comparison.VALUES]
    assert names["name"] == ["names-rnn", "names-lstm", "baseline", "baseline-frequent", "bound"]
    assert names["kind"] == ["model", "model", "baseline", "baseline", "bound"]
    metrics = files.read_json(paths.results("names") / "metrics.json")["names-rnn"]["test"]["accuracy"]
    assert [names[key][0] for key in ("value", "low", "high")] == [metrics[key] for key in ("value", "low", "high")]


def test_metrics_are_those_of_the_best_model_beside_baseline_and_bound(compare):
    compared = compare("names")
    assert compared.params == {"best": "names-rnn"}
    assert set(compared.metrics) == {f"summary/{role}.test.accuracy" for role in ("best", "baseline", "bound")}


def test_the_text_says_which_model_to_take(compare):
    text = compare("names").text
    assert "names-rnn is the best model, chosen on validation rows" in text
    assert "names-rnn is significantly better than names-lstm" in text


def test_differences_are_numbers_of_each_pair(compare):
    table = compare("names").tables[comparison.DIFFERENCES]
    assert len(table["better"]) == 3  # two models and the baseline
    assert all(low <= difference <= high for low, difference, high in zip(*(table[key] for key in ENDS), strict=True))


def test_a_model_that_leaks_its_target_is_in_no_figure(compare):
    compared = compare("text")
    assert LEAKING not in compared.tables[comparison.VALUES]["name"]
    assert f"{LEAKING} leaks its target" in compared.text


def test_without_held_out_rows_no_model_is_chosen(compare):
    compared = compare("overfit")
    assert compared.params == {}
    assert compared.tables[comparison.VALUES]["low"][0] is None
    assert "Nothing is ranked" in compared.text


@pytest.mark.parametrize(("more", "shown"), [("", 0.6), (", missing: the rows", None)])
def test_a_published_value_is_shown_where_it_was_measured_alike(evaluated_project, tmp_path, more, shown):
    folder = shutil.copytree(evaluated_project, tmp_path / "project")
    figure = f"{{text: accuracy, value: 0.6, tolerance: 0.1, quantity: metric, metric: accuracy{more}}}"
    (folder / "data/published.yaml").write_text(f"models:\n  names-lstm:\n    - {figure}\ndatasets: {{}}\n")
    with work_in(folder):
        table = comparison.build("names", load_params(), tmp_path).tables[comparison.VALUES]
    assert dict(zip(table["name"], table["published"], strict=True))["names-lstm"] == shown
