"""The best model of each data set in MLflow's registry: what it consists of, and its answers."""

import json
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

import pipeline
from pipeline import files, paths
from pipeline.inference import intervals
from pipeline.tracking import descriptions, model_files, store
from tests.support.imports import is_in, reached
from tests.support.registry import METRICS, load, make_runs, register
from tests.tracking.conftest import work_in

pytestmark = pytest.mark.xdist_group("registry")
DATASETS = ("words", "binary", "sums", "sales", "names", "lyrics", "text", "vowels")


@pytest.fixture(scope="module")
def project(evaluated_project, tmp_path_factory):
    """Register all data sets of a project once; return its folder, the runs and what was registered."""
    folder = shutil.copytree(evaluated_project, tmp_path_factory.mktemp("registry") / "a project")
    with work_in(folder):
        runs = make_runs([*DATASETS, "overfit"])
        registered = {dataset: register(dataset, runs) for dataset in runs}
    return folder, runs, registered


@pytest.fixture
def client(project):
    """Work in the project; return a client of its store, for tests that change nothing."""
    with work_in(project[0]):
        yield MlflowClient(tracking_uri=store.uri(), registry_uri=store.uri())


def dump():
    with sqlite3.connect(store.uri().removeprefix("sqlite:///")) as database:
        return list(database.iterdump())


def test_each_data_set_with_held_out_rows_has_a_champion(project, client):
    _, runs, registered = project
    assert registered.pop("overfit") is None
    for dataset, found in registered.items():
        ranking = files.read_json(paths.results(dataset) / "about.json")["ranking"]
        assert (found.model, found.version, found.created, found.champion) == (ranking[0], "1", True, "1")
        version = client.get_model_version_by_alias(dataset, "champion")
        assert (version.run_id, version.tags["model"]) == (runs[dataset][ranking[0]], ranking[0])
        assert version.tags["gates"] == "passed"
        outputs = client.get_run(version.run_id).outputs.model_outputs
        assert [output.model_id for output in outputs] == [version.tags["model_id"]]
    assert {of.name for of in client.search_registered_models()} == {*DATASETS}


def test_registering_again_writes_nothing(project, client):
    before = dump()
    again = register("names", project[1])
    assert (again.version, again.created, again.champion) == ("1", False, "1")
    assert dump() == before


def test_a_logged_model_names_its_version(project, client):
    version = client.get_model_version("names", "1")
    logged = client.get_logged_model(version.tags["model_id"])
    assert json.loads(logged.tags["mlflow.modelVersions"]) == [{"name": "names", "version": 1}]


def test_a_logged_model_shows_its_runs_figures_of_test_rows_and_adds_none_to_the_run(project, client):
    version = client.get_model_version("names", "1")
    logged = client.get_logged_model(version.tags["model_id"])
    assert {metric.key for metric in logged.metrics} == {"test.accuracy", "other/test.loss"}
    assert all(len(client.get_metric_history(version.run_id, name)) == 1 for name in METRICS)
    assert logged.tags["mlflow.note.content"] == version.description


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_model_has_signature_example_and_pinned_requirements_and_no_pickle(client, dataset):
    found = load(client, dataset)
    assert found.metadata.signature.inputs
    assert found.metadata.signature.outputs
    assert len(found.input_example)
    assert "NumPy" in found.metadata.metadata["numerics"]
    folder = store.artifact_folder() / dataset
    (requirements,) = folder.rglob("requirements.txt")
    assert requirements.read_text().split() == model_files.requirements()
    assert all("==" in line and "+" not in line for line in model_files.requirements())
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert suffixes <= {"", ".py", ".json", ".yaml", ".txt", ".safetensors", ".npy"}
    assert not any(b"pickle" in path.read_bytes() for path in folder.rglob("MLmodel"))


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_model_answers_its_own_example(client, dataset):
    found = load(client, dataset)
    answers = found.predict(found.input_example)
    assert list(answers.columns) == found.metadata.signature.outputs.input_names()
    assert len(answers) == 1


def test_a_classifier_gives_the_pipelines_own_classes_and_probabilities(project, client):
    names = ["Ksax", "Áaxx", "éo"]
    own = pipeline.load(project[2]["names"].model)
    answers = load(client, "names").predict(pd.DataFrame({"name": names}))
    assert list(answers["prediction"]) == [own.predict(name) for name in names]
    for row, name in enumerate(names):
        shares = own.probabilities(name)
        assert answers["probability"][row] == pytest.approx(max(shares.values()))
        assert {label: answers[f"probability.{label}"][row] for label in shares} == pytest.approx(shares)


def test_a_symbol_that_no_training_row_has_is_read_as_unknown(client):
    with pytest.warns(pipeline.inference.InputWarning, match="1 of 1 rows"):
        load(client, "names").predict(pd.DataFrame({"name": ["K☃x"]}))


def test_a_language_model_continues_a_prompt_with_options(project, client):
    own, found = pipeline.load(project[2]["text"].model), load(client, "text")
    options = {"length": 12, "temperature": 0.5, "seed": 7}
    answers = found.predict(pd.DataFrame({"prompt": ["the w", "In the b"]}), params=options)
    assert list(answers["continuation"]) == ["".join(own.generate(start, **options)) for start in ("the w", "In the b")]
    assert answers["text"][1] == "in the b" + answers["continuation"][1]
    assert len(found.predict(pd.DataFrame({"prompt": ["the "]}))["continuation"][0]) == 200


def test_numbers_are_those_of_the_pipeline(project, client):
    own = pipeline.load(project[2]["binary"].model)
    answers = load(client, "binary").predict(pd.DataFrame({"bits": ["1010", "0001"]}))
    assert list(answers["prediction"]) == pytest.approx([own.predict("1010"), own.predict("0001")])


def test_a_forecast_of_the_data_sets_own_file_has_an_interval(project, client):
    own = pipeline.load(project[2]["sales"].model)
    table = pd.read_csv("sales.csv")  # stores, items and sales are whole numbers there
    answers = load(client, "sales").predict(table)
    days = table.groupby("date")["sales"].mean()
    assert answers["after"][0] == days.index[-1]
    assert answers["forecast"][0] == pytest.approx(own.predict(list(days)))
    assert answers["low"][0] <= answers["forecast"][0] <= answers["high"][0]
    by_day = pd.DataFrame({"date": days.index, "sales": days.to_numpy()})
    assert load(client, "sales").predict(by_day).equals(answers)


def test_the_interval_holds_its_share_of_the_validation_days(project, client):
    own = pipeline.load(project[2]["sales"].model)
    prepared = own.trained.prepared
    interval = intervals.measure(own, prepared)
    days, window = prepared.splits["validation"]["values"], own.reader.window
    values = [*prepared.splits["train"]["values"][-window:], *days]
    errors = [abs(own.predict(values[day : day + window]) - values[day + window]) for day in range(len(days))]
    assert interval.days == len(days)
    assert sum(error <= interval.half_width * 1.000001 for error in errors) / len(days) >= interval.level
    assert f"{interval.level:.0%}".replace("%", " %") in descriptions.CALLS["forecast"][1]


@pytest.mark.parametrize(
    ("dataset", "columns", "params", "line"),
    [
        ("names", {"name": [""]}, {}, "row 1: names-"),
        ("binary", {"bits": ["1010", "10"]}, {}, "row 2: binary-"),
        ("text", {"prompt": ["the "]}, {"temperature": -1.0}, "temperature: found -1; wanted 0"),
        ("text", {"prompt": ["the "]}, {"length": 0}, "length: found 0; wanted 1 or more"),
        ("sales", {"date": ["2020-01-01"], "sales": [3.0]}, {}, "found 1 days; wanted 4 or more"),
        ("sales", {"date": ["2020-13-01"], "sales": [3.0]}, {}, "line 2: date: found '2020-13-01'; wanted a date"),
    ],
)
def test_what_cannot_be_answered_is_one_line(client, dataset, columns, params, line):
    with pytest.raises(MlflowException) as caught:
        load(client, dataset).predict(pd.DataFrame(columns), params=params)
    assert line in caught.value.message
    assert "\n" not in caught.value.message
    assert tempfile.gettempdir() not in caught.value.message
    assert caught.value.get_http_status_code() == 400


def test_the_pages_say_what_a_model_is_and_how_it_is_called(client):
    described = client.get_registered_model("names").description
    assert 'load_model("models:/names@champion")' in described
    version = client.get_model_version("names", "1").description
    assert version.startswith("names-")
    assert "| test rows | accuracy" in version


def test_the_code_of_a_model_is_all_that_it_imports():
    loader, own = Path("pipeline/tracking/served_model.py"), [Path("pipeline/tracking")]
    needed = {path for path in reached(loader) if not is_in(path, own)}
    travels = [Path(name) for name in model_files.CODE]
    assert sorted(str(path) for path in needed if not is_in(path, travels)) == []
    assert [name for name in travels if not any(is_in(path, [name]) for path in needed)] == []
