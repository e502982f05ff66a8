"""The best model of each data set in MLflow's registry: what is written, when, and by whom."""

import json
import shutil
import sqlite3
import tempfile
from pathlib import Path

import mlflow.pyfunc
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

import pipeline
from pipeline import files, paths
from pipeline.inference import intervals
from pipeline.params import load_params
from pipeline.tracking import descriptions, model_files, registry, store
from tests.support.imports import is_in, reached
from tests.support.project import params_text
from tests.tracking.conftest import work_in

pytestmark = pytest.mark.xdist_group("registry")
METRICS = ("test.accuracy", "other/test.loss", "other/validation.loss")
DATASETS = ("words", "binary", "sums", "sales", "names", "lyrics", "text", "vowels")


def register(dataset, runs):
    with store.connect() as client:
        return registry.register_best(client, dataset, load_params(), runs[dataset])


def make_runs(datasets):
    """Create an empty run for each model."""
    known = load_params()
    with store.connect() as client:
        runs = {}
        for dataset in datasets:
            experiment = client.create_experiment(
                dataset, artifact_location=(store.artifact_folder() / dataset).as_uri()
            )
            runs[dataset] = {
                name: client.create_run(experiment, run_name=name).info.run_id for name in known.models_of(dataset)
            }
            for run in runs[dataset].values():
                for name in METRICS:
                    client.log_metric(run, name, 0.5)
    return runs


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


@pytest.fixture
def fresh(evaluated_project, tmp_path_factory):
    """Work in a copy of the project, of data set names alone, with nothing registered; return its runs and a client."""
    folder = shutil.copytree(evaluated_project, tmp_path_factory.mktemp("fresh") / "a project")
    (folder / "params.yaml").write_text(params_text(["names"]))
    with work_in(folder):
        runs = make_runs(["names"])
        yield runs, MlflowClient(tracking_uri=store.uri(), registry_uri=store.uri())


def set_gates(**gates):
    text = paths.PARAMS.read_text().partition("gates:")[0]
    paths.PARAMS.write_text(text + f"gates: {json.dumps(gates)}\n")


def rank_first(dataset, model):
    """Write results in which another model is the best."""
    where = paths.results(dataset) / "about.json"
    about = files.read_json(where)
    about["ranking"] = [model, *(name for name in about["ranking"] if name != model)]
    files.write_json(where, about)


def champion(client, dataset="names"):
    return str(client.get_registered_model(dataset).aliases.get("champion", "none"))


def load(client, dataset):
    version = client.get_model_version_by_alias(dataset, "champion")
    return mlflow.pyfunc.load_model(version.source)


def answer_of(name):
    """Return the pipeline's own predictor of the champion."""
    return pipeline.load(name)


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


def test_a_gate_that_is_not_met_leaves_the_champion(fresh):
    runs, client = fresh
    first = register("names", runs)
    other = next(name for name in runs["names"] if name != first.model)
    rank_first("names", other)
    set_gates(names={"accuracy": 1.01})
    blocked = register("names", runs)
    assert (blocked.model, blocked.version, blocked.created, blocked.champion) == (other, "2", True, "1")
    assert "blocked as champion: gates.names.accuracy: found 0." in blocked.line
    assert blocked.line.endswith("wanted at least 1.01; version 1 stays")
    assert client.get_model_version("names", "2").tags["gates"].startswith("blocked: gates.names.accuracy")
    assert champion(client) == "1"
    set_gates(names={"accuracy": 0.0, "loss": 1000.0})
    passed = register("names", runs)
    assert (passed.version, passed.created, champion(client)) == ("2", False, "2")
    assert passed.line.endswith("in the place of version 1")
    assert client.get_model_version("names", "2").tags["gates"] == "passed"


def test_where_no_model_has_met_the_gates_there_is_no_champion(fresh):
    runs, client = fresh
    set_gates(names={"loss": 0.0, "accuracy": 0.0})
    found = register("names", runs)
    assert (found.created, found.champion) == (True, None)
    assert found.line.endswith("; wanted at most 0; there is none")
    assert champion(client) == "none"


def test_a_champion_that_somebody_has_chosen_stays_until_another_model_is_best(fresh):
    runs, client = fresh
    first = register("names", runs).model
    rank_first("names", next(name for name in runs["names"] if name != first))
    assert register("names", runs).champion == "2"
    client.set_registered_model_alias("names", "champion", "1")
    again = register("names", runs)
    assert (again.version, again.champion, champion(client)) == ("2", "1", "1")
    assert again.line.endswith("as champion, version 1 stays, as it was chosen in MLflow")
    rank_first("names", first)
    assert register("names", runs).champion == "1"
    rank_first("names", again.model)
    assert register("names", runs).champion == "2"


def test_other_weights_are_another_version(fresh):
    runs, client = fresh
    model = register("names", runs).model
    folder = paths.model("names", model)
    shutil.copy(folder / "seed-1.safetensors", folder / "seed-2.safetensors")
    pipeline.manifest.write(folder)
    again = register("names", runs)
    assert (again.version, again.created, champion(client)) == ("2", True, "2")


@pytest.fixture
def overtaken(fresh, monkeypatch):
    """While a process writes a model's files, let another one register it; return a list with what that did."""
    runs, client = fresh
    write, others = model_files.write, []

    def write_late(*arguments):
        if not others:
            others.append(None)
            others[0] = registry.register_best(client, "names", load_params(), runs["names"])
        write(*arguments)

    monkeypatch.setattr(model_files, "write", write_late)
    return others


def versions(client):
    return [of.version for of in client.search_model_versions("name = 'names'", order_by=["version_number ASC"])]


def count_files(client):
    """Return how many logged models data set names has."""
    return len(client.search_logged_models([client.get_experiment_by_name("names").experiment_id]))


def test_of_two_processes_at_once_the_faster_ones_version_stays(fresh, overtaken):
    runs, client = fresh
    slow = register("names", runs)
    assert (slow.version, overtaken[0].version, champion(client)) == ("1", "1", "1")
    assert (versions(client), count_files(client)) == ([1], 1)


def leave_copy(runs, monkeypatch):
    """End a process that was overtaken before it deletes its version."""
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "delete_model_version", interrupt)
        with pytest.raises(KeyboardInterrupt):
            register("names", runs)


@pytest.mark.usefixtures("overtaken")
def test_a_copy_that_a_killed_process_has_left_is_deleted_by_the_next(fresh, monkeypatch):
    runs, client = fresh
    leave_copy(runs, monkeypatch)
    assert (versions(client), count_files(client)) == ([1, 2], 2)
    again = register("names", runs)
    assert (again.version, again.created, champion(client)) == ("1", False, "1")
    assert (versions(client), count_files(client)) == ([1], 1)


@pytest.mark.usefixtures("overtaken")
def test_a_copy_that_somebody_uses_stays(fresh, monkeypatch):
    runs, client = fresh
    leave_copy(runs, monkeypatch)
    client.set_registered_model_alias("names", "tried", "2")
    register("names", runs)
    assert versions(client) == [1, 2]


@pytest.mark.usefixtures("overtaken")
def test_two_processes_may_delete_a_copy_at_once(fresh, monkeypatch):
    runs, client = fresh
    leave_copy(runs, monkeypatch)
    delete = MlflowClient.delete_model_version

    def delete_late(self, name, version):
        delete(self, name, version)
        delete(self, name, version)  # as by another process, just before

    monkeypatch.setattr(MlflowClient, "delete_model_version", delete_late)
    assert register("names", runs).version == "1"
    assert versions(client) == [1]


def test_a_process_that_takes_the_files_of_another_keeps_them(fresh, monkeypatch):
    runs, client = fresh
    create, others = MlflowClient.create_model_version, []

    def overtaken(self, *arguments, **options):
        if not others:
            others.append(None)
            others.append(registry.register_best(client, "names", load_params(), runs["names"]))
        return create(self, *arguments, **options)

    monkeypatch.setattr(MlflowClient, "create_model_version", overtaken)
    assert (register("names", runs).version, others[1].version) == ("1", "1")
    answers = load(client, "names").predict(pd.DataFrame({"name": ["Ksax"]}))
    assert len(answers) == 1
    experiment = client.get_experiment_by_name("names").experiment_id
    (logged,) = client.search_logged_models([experiment])
    assert client.get_model_version("names", "1").tags["model_id"] == logged.model_id


def test_a_registration_that_was_cut_off_is_done_again(fresh, monkeypatch):
    runs, client = fresh
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "create_model_version", interrupt)
        with pytest.raises(KeyboardInterrupt):
            register("names", runs)
    assert register("names", runs).version == "1"
    assert count_files(client) == 1  # the first try's, which was complete


def interrupt(*_, **__):
    raise KeyboardInterrupt


def test_a_run_that_was_written_anew_lists_the_model_too(fresh):
    runs, client = fresh
    first = register("names", runs)
    experiment = client.get_experiment_by_name("names").experiment_id
    runs["names"][first.model] = client.create_run(experiment).info.run_id
    register("names", runs)
    assert register("names", runs).version == "1"
    (output,) = client.get_run(runs["names"][first.model]).outputs.model_outputs
    assert output.model_id == client.get_model_version("names", "1").tags["model_id"]


def test_an_experiment_in_a_copy_changes_no_champion(fresh, monkeypatch, tmp_path):
    runs, client = fresh
    first = register("names", runs)
    monkeypatch.setenv("DVC_ROOT", str(paths.project_folder()))
    monkeypatch.setenv("DVC_EXP_NAME", "tried-poem")
    copy = shutil.copytree(paths.project_folder(), tmp_path / "copy", ignore=shutil.ignore_patterns("mlartifacts"))
    monkeypatch.chdir(copy)
    rank_first("names", next(name for name in runs["names"] if name != first.model))
    tried = register("names", runs)
    assert (tried.version, tried.champion, champion(client)) == ("2", "1", "1")
    assert client.get_model_version("names", "2").tags["dvc_exp_name"] == "tried-poem"


def test_the_code_of_a_model_is_all_that_it_imports():
    loader, own = Path("pipeline/tracking/served_model.py"), [Path("pipeline/tracking")]
    needed = {path for path in reached(loader) if not is_in(path, own)}
    travels = [Path(name) for name in model_files.CODE]
    assert sorted(str(path) for path in needed if not is_in(path, travels)) == []
    assert [name for name in travels if not any(is_in(path, [name]) for path in needed)] == []
