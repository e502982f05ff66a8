"""Trainings on a GPU: the same bytes each time, also after a kill, and side by side; their results; their errors."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

import pipeline
from pipeline import determinism
from pipeline.models.cells import BUILDERS
from pipeline.params import load_params
from pipeline.reproduce.agreement import compare_metrics, read_numbers
from pipeline.training import loop
from tests.gpu.conftest import DEVICE
from tests.support import project
from tests.support.processes import running, wait
from tests.support.small import model_params
from tests.training.test_resuming import CASES, Killed, Killing, data, same  # noqa: F401  (a fixture)

HARD = {"layers": 2, "dropout": 0.4, "bidirectional": True, "batch_size": 16, "epochs": 3}


@pytest.mark.parametrize("cell", BUILDERS)
def test_the_same_seed_gives_the_same_bytes(cell, data):  # noqa: F811
    params = model_params(**HARD, cell=cell)
    one, two = (loop.train_network(params, data["names"], 1) for _ in range(2))
    assert same(one, two)
    assert len(one.history) == HARD["epochs"]


@pytest.mark.parametrize("case", CASES)
def test_a_training_that_is_stopped_several_times_ends_in_the_same_bytes(case, data, tmp_path):  # noqa: F811
    name, changes = CASES[case]
    fit = changes.get("fit", "train")
    params = model_params(**{"epochs": 4, **{key: value for key, value in changes.items() if key != "fit"}})
    undisturbed = loop.train_network(params, data[name], 1, fit)
    draws = random.Random(case)
    for stops in count():
        try:
            saver = Killing(tmp_path / "state.safetensors", draws.randrange(1, 12))
            found = loop.train_network(params, data[name], 1, fit, saver=saver)
            break
        except Killed:
            assert stops < 500, "no progress between stops"
    assert stops
    assert same(found, undisturbed)


@pytest.fixture
def names(here, monkeypatch):
    """Prepare a project with two models of names, which differ in their seeds alone."""
    monkeypatch.setenv("PYTHONPATH", str(project.REPOSITORY), prepend=os.pathsep)
    monkeypatch.setenv("PIPELINE_WORKERS", "3")
    return write_names(here)


def write_names(folder, **changes):
    block = project.MODELS["names-lstm"] | {"cell": "gru", "dropout": 0.2, "layers": 2, "seeds": [1, 2, 3]} | changes
    project.write(folder, project.params_text(["names"], {"several": block, "one": block | {"seeds": [2]}}))
    project.prepare(folder)
    return folder


def train(name, code=0, module="stages.train"):
    """Train a model as the stage does; return what it printed."""
    done = subprocess.run([sys.executable, "-m", module, name], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def files(name):
    """Return the content of each file of a trained model."""
    return {path.name: path.read_bytes() for path in Path("models/names", name).iterdir()}


def test_several_seeds_share_a_gpu_and_do_not_depend_on_each_other(names, monkeypatch):
    assert determinism.DESCRIPTIONS[determinism.reproducibility(DEVICE)] in train("several")
    first = files("several")
    assert json.loads(first["model.json"])["reproducibility"] == determinism.reproducibility(DEVICE)
    train("one")
    assert files("one")["seed-2.safetensors"] == first["seed-2.safetensors"]
    shutil.rmtree("models/names/several")
    monkeypatch.setenv("PIPELINE_WORKERS", "1")
    train("several")
    assert files("several") == first


def test_a_killed_training_is_resumed_and_ends_in_the_same_bytes(here, names, monkeypatch):
    monkeypatch.setenv("PIPELINE_CHECKPOINTS", "0")  # one after each step
    text = Path("params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(text.replace("epochs: 2\n", "epochs: 60\n"), encoding="utf-8")
    train("one")
    undisturbed = files("one")
    shutil.rmtree("models/names/one")
    with running([sys.executable, "-m", "stages.train", "one"]):
        wait(lambda: list(here.glob(".checkpoints/one/*.safetensors")))
    assert not Path("models/names/one").exists()
    assert "resumes from its checkpoint" in train("one")
    assert files("one") == undisturbed


def test_too_little_memory_on_the_gpu_ends_in_one_line(names):
    for path in [*names.iterdir()]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_names(names, hidden_size=4096)
    *_, last = train("one", code=1, module="tests.support.gpu").splitlines()
    assert re.match(r"Error: [\w-]+ seed \d+: not enough memory; ", last)
    assert "hidden_size" in last
    assert not Path("models/names/one").exists()


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """Train and evaluate the same small project on the CPU and on the GPU."""
    folders = {}
    for device in ("cpu", DEVICE):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PIPELINE_DEVICE", device)
            folders[device] = folder = tmp_path_factory.mktemp("project") / f"on {device}"
            folder.mkdir()
            project.write(folder, project.params_text(["words", "sums", "sales", "names", "text"]))
            project.prepare(folder)
            project.train(folder)
            project.evaluate(folder)
    return folders["cpu"], folders[DEVICE]


@pytest.mark.parametrize("dataset", ["words", "sums", "sales", "names", "text"])
def test_metrics_agree_with_those_of_the_cpu(dataset, projects):
    on_cpu, on_gpu = (
        read_numbers((folder / f"results/{dataset}/metrics.json").read_bytes(), dataset) for folder in projects
    )
    assert on_gpu.keys() == on_cpu.keys()
    differences = compare_metrics(on_cpu, on_gpu)
    assert differences
    assert [str(each) for each in differences if not each.ratio <= 1] == []


@pytest.mark.parametrize("name", ["words-lstm", "sums-lstm", "sales-lstm", "names-rnn", "text-lstm"])
def test_a_model_answers_as_on_the_cpu(name, projects, monkeypatch):
    folder = projects[0]
    monkeypatch.chdir(folder)
    block = load_params().models[name]
    asked = {"words": "abce", "sums": "3 0.75", "sales": [1.0, 2.0, 3.0, 2.0], "names": "Áaxx", "text": "the wor"}
    answers = []
    for device in ("cpu", DEVICE):
        monkeypatch.setenv("PIPELINE_DEVICE", device)
        model = pipeline.load(name, root=folder)
        question = asked[block.dataset]
        if block.dataset in ("words", "text"):
            answers.append(model.next_char_log_probs(question[:-1]))
        else:
            answers.append(model.predict(question))
    assert answers[1] == (answers[0] if isinstance(answers[0], str) else pytest.approx(answers[0], rel=1e-4, abs=1e-5))


def test_a_training_learns(data):  # noqa: F811
    params = model_params(hidden_size=16, learning_rate=0.03, epochs=20, batch_size=16)
    losses = [epoch.train_loss for epoch in loop.train_network(params, data["names"], 1).history]
    assert losses[-1] < losses[0] / 4
