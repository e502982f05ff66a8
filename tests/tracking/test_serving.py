"""Registered models answer by themselves: in a process without the project, over HTTP, from a server."""

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from mlflow import MlflowClient

import pipeline
from pipeline.params import load_params
from pipeline.tracking import model_files, registry, store
from tests.support import only_requirements
from tests.support.processes import free_port, running, wait
from tests.support.project import REPOSITORY, params_text
from tests.tracking.conftest import work_in

pytestmark = pytest.mark.xdist_group("registry")
DATASETS = ("words", "binary", "sales", "names", "lyrics", "vowels")
HOST = "127.0.0.1"
START_SECONDS = 120
REGISTER = """
import json, sys
from pipeline.params import load_params
from pipeline.tracking import registry, store

runs = json.loads(sys.argv[1])
with store.connect() as client:
    for dataset, of in runs.items():
        found = registry.register_best(client, dataset, load_params(), of)
        print(dataset, found.version, found.champion, flush=True)
"""


def register(datasets):
    """Register the best model of some data sets of the project in the working folder; return the models' names."""
    known, found = load_params(), {}
    with store.connect() as client:
        for dataset in datasets:
            location = None if store.is_server() else (store.artifact_folder() / dataset).as_uri()
            experiment = client.create_experiment(dataset, artifact_location=location)
            runs = {name: client.create_run(experiment).info.run_id for name in known.models_of(dataset)}
            found[dataset] = registry.register_best(client, dataset, known, runs).model
    return found


@pytest.fixture(scope="module")
def project(evaluated_project, tmp_path_factory):
    """Register models of a project; return its folder and the models' names."""
    folder = shutil.copytree(evaluated_project, tmp_path_factory.mktemp("serving") / "a project")
    (folder / "params.yaml").write_text(params_text(DATASETS))
    with work_in(folder):
        return folder, register(DATASETS)


def environment(uri):
    """Return an environment that knows a store and nothing of the project."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MLFLOW", "DVC"))}
    return kept | {"MLFLOW_TRACKING_URI": uri, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def ask_alone(uri, datasets, folder):
    """Return what champions answer to their examples in a process that has only what they require."""
    program = shutil.copy(only_requirements.__file__, folder / "program.py")
    names = [f"models:/{dataset}@champion" for dataset in datasets]
    command = [sys.executable, program, "\n".join(model_files.requirements()), *names]
    done = subprocess.run(command, cwd=folder, env=environment(uri), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_models_answer_in_a_process_with_nothing_but_their_requirements(project, tmp_path):
    folder, names = project
    found = ask_alone(f"sqlite:///{folder / 'mlflow.db'}", DATASETS, tmp_path)
    answers = dict(zip(DATASETS, found, strict=True))
    assert all(Path(of["code"]).is_relative_to(folder / "mlartifacts") for of in found)
    (example,) = Path(folder, "mlartifacts/binary").rglob("input_example.json")
    own, (((bits,),),) = pipeline.load(names["binary"], root=folder), [json.loads(example.read_text())["data"]]
    assert answers["binary"]["answer"]["prediction"] == pytest.approx([own.predict(bits)])
    assert set(answers["sales"]["answer"]) == {"after", "forecast", "low", "high"}
    assert answers["words"]["answer"]["continuation"]


@contextmanager
def answering(command, port, path, env, folder):
    """Run a server until the block ends; wait until it answers."""
    log = folder / "server.log"
    with log.open("w") as stream, running(command, cwd=folder, env=env, stdout=stream, stderr=stream) as process:
        wait(lambda: process.poll() is not None or responds(port, path), START_SECONDS)
        assert process.poll() is None, log.read_text()
        yield


def responds(port, path):
    try:
        urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=5).close()
    except OSError:
        return False
    return True


def post(port, content):
    """Return status and body of an answer to a request for predictions."""
    request = urllib.request.Request(
        f"http://{HOST}:{port}/invocations", json.dumps(content).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def serving(project, dataset, tmp_path):
    """Serve the champion of a data set with `mlflow models serve`; yield the port."""
    port, uri = free_port(), f"sqlite:///{project[0] / 'mlflow.db'}"
    options = ["-m", f"models:/{dataset}@champion", "--env-manager", "local", "--host", HOST, "--port", str(port)]
    command = ["mlflow", "models", "serve", *options]
    return port, answering(command, port, "/ping", environment(uri), tmp_path)


@pytest.mark.services
def test_mlflow_serves_a_classifier_over_http(project, tmp_path):
    own = pipeline.load(project[1]["names"], root=project[0])
    port, server = serving(project, "names", tmp_path)
    with server:
        status, body = post(port, {"dataframe_split": {"columns": ["name"], "data": [["Ksax"], ["éo"]]}})
        assert (status, [row["prediction"] for row in body["predictions"]]) == (
            200,
            [own.predict("Ksax"), own.predict("éo")],
        )
        status, body = post(port, {"dataframe_records": [{"name": ""}]})
        assert status == 400
        assert "row 1: names-" in body["message"]
        assert "Traceback" not in json.dumps(body)


@pytest.mark.services
def test_mlflow_serves_a_language_model_with_params_over_http(project, tmp_path):
    own = pipeline.load(project[1]["lyrics"], root=project[0])
    port, server = serving(project, "lyrics", tmp_path)
    with server:
        content = {"dataframe_records": [{"prompt": "In the"}], "params": {"length": 5, "temperature": 0.0}}
        status, body = post(port, content)
        assert (status, body["predictions"][0]["continuation"]) == (
            200,
            "".join(own.generate("In the", length=5, temperature=0)),
        )


@pytest.mark.services
def test_mlflow_serves_a_forecast_over_http(project, tmp_path):
    port, server = serving(project, "sales", tmp_path)
    days = [{"date": f"2021-01-0{day}", "sales": day % 3 + 1} for day in range(1, 8)]
    with server:
        status, body = post(port, {"dataframe_records": days})
        assert status == 200
        assert body["predictions"][0]["after"] == "2021-01-07"
        assert body["predictions"][0]["low"] <= body["predictions"][0]["forecast"]


@pytest.fixture
def server(tmp_path):
    """Run a tracking server with an empty store, which keeps the files of models itself; return its address."""
    folder, port = tmp_path / "server", free_port()
    folder.mkdir()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", "sqlite:///store.db"]
    command += ["--artifacts-destination", "files", "--host", HOST, "--port", str(port), "--workers", "1"]
    env = environment("sqlite:///store.db") | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with answering(command, port, "/health", env, folder):
        yield f"http://{HOST}:{port}"


@pytest.mark.services
def test_models_are_registered_in_a_server_and_loaded_from_it(project, server, tmp_path, monkeypatch):
    with work_in(project[0]):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
        register(["names", "sales"])
        client = MlflowClient(server, server)
        version = client.get_model_version_by_alias("names", "champion")
        tags = client.get_logged_model(version.tags["model_id"]).tags
        assert json.loads(tags["mlflow.modelVersions"]) == [{"name": "names", "version": 1}]
        found = ask_alone(server, ["names", "sales"], tmp_path)
        assert [len(next(iter(of["answer"].values()))) for of in found] == [1, 1]


@pytest.mark.services
def test_four_processes_that_register_at_once_in_a_server_make_one_version(project, server, tmp_path, monkeypatch):
    known = load_params(project[0] / "params.yaml")
    with work_in(project[0]):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
        client = MlflowClient(server, server)
        runs = {}
        for dataset in DATASETS:
            experiment = client.create_experiment(f"{dataset}-at-once")
            runs[dataset] = {name: client.create_run(experiment).info.run_id for name in known.models_of(dataset)}
        env = os.environ | {"PYTHONPATH": str(REPOSITORY)}
        command = [sys.executable, "-c", REGISTER, json.dumps(runs)]
        with ExitStack() as stack:
            processes = [stack.enter_context(running(command, cwd=project[0], env=env, text=True)) for _ in range(4)]
            found = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, found
    assert {out for out, _ in found} == {"".join(f"{dataset} 1 1\n" for dataset in DATASETS)}
    for dataset in DATASETS:
        assert [int(of.version) for of in client.search_model_versions(f"name = '{dataset}'")] == [1]
        experiment = client.get_experiment_by_name(f"{dataset}-at-once").experiment_id
        assert len(client.search_logged_models([experiment])) == 1
