"""The best model of each data set in MLflow's registry: when it is registered, and which one is the champion."""

import shutil

import pandas as pd
import pytest
from mlflow import MlflowClient

import pipeline
from pipeline import paths
from pipeline.params import load_params
from pipeline.tracking import model_files, registry, store
from tests.support.project import params_text
from tests.support.registry import (
    champion,
    count_files,
    load,
    make_runs,
    rank_first,
    register,
    set_gates,
    versions,
)
from tests.tracking.conftest import work_in

pytestmark = pytest.mark.xdist_group("registry")


@pytest.fixture
def fresh(evaluated_project, tmp_path_factory):
    """Work in a copy of the project, of data set names alone, with nothing registered; return its runs and a client."""
    folder = shutil.copytree(evaluated_project, tmp_path_factory.mktemp("fresh") / "a project")
    (folder / "params.yaml").write_text(params_text(["names"]))
    with work_in(folder):
        runs = make_runs(["names"])
        yield runs, MlflowClient(tracking_uri=store.uri(), registry_uri=store.uri())


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
