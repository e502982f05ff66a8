import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file

from pipeline import checkpoints, timings
from pipeline.artifacts import read_csv
from stages.train import main
from tests.processes import running
from tests.stages.conftest import command

pytestmark = pytest.mark.xdist_group("project")
CAVEAT = "native numerics: the same bytes only on the same model of processor"


def content(folder):
    """Return the files of a folder by name, without the checkpoints, which come and go by the clock."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if not name.startswith(".checkpoints")}


@pytest.fixture
def model(project, trained):
    return project / "models/words/words-lstm"


def said(errors):
    """Return the lines that do not tell of progress, which a slow machine has time to tell."""
    return [line for line in errors.splitlines() if not re.search(r": epoch \d+/\d+, loss ", line)]


def test_a_model_is_trained_and_told(trained):
    done = trained["words-lstm"]
    assert (done.returncode, said(done.stderr)) == (0, [])
    assert re.fullmatch(r"words-lstm: 4 trainings of 443 parameters, \d+\.\d s of training in \d+\.\d s\n", done.stdout)


def test_its_folder_holds_the_weights_of_each_seed_and_fit_and_two_records(model):
    weights = {f"seed-{seed}{fit}.safetensors" for seed in (1, 2) for fit in ("", "-refit")}
    assert set(content(model)) == weights | {"model.json", "history.csv"}
    shapes = {name: array.shape for name, array in load_file(model / "seed-1.safetensors").items()}
    assert shapes["head.weight"] == (3, 8)
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 443


def test_the_description_says_what_was_trained(model):
    found = json.loads((model / "model.json").read_text())
    assert list(found) == ["model", "dataset", "task", "settings", "parameters", "prepared_digest", "weights", "seeds"]
    assert (found["model"], found["dataset"], found["task"]) == ("words-lstm", "words", "next-symbol")
    assert found["settings"]["hidden"] == 8
    card = json.loads((model / "../../../data/prepared/words/card.json").read_text())
    assert found["prepared_digest"] == card["digest"]
    assert set(found["seeds"]) == {"1", "2"}
    for seed in found["seeds"].values():
        assert seed["status"] == "finished"
        assert seed["epochs"] == 3
        assert 1 <= seed["best_epoch"] <= 3


def test_the_history_has_a_row_an_epoch_seed_and_fit(model):
    rows = read_csv(model / "history.csv")
    places = [(row["seed"], row["fit"], row["epoch"]) for row in rows]
    assert places == [(s, fit, e) for fit in ("held-out", "refit") for s in "12" for e in "123"]
    assert all(0 < float(row["train_loss"]) < 3 for row in rows)
    assert all((row["validation_loss"] == "") == (row["fit"] == "refit") for row in rows)


def test_its_time_is_recorded_beside_the_results_and_in_none(project, model):
    digest = timings.digest(model)
    record = json.loads((project / f".timings/words/words-lstm/{digest[:16]}.json").read_text())
    assert set(record) == {"1", "2"}
    assert all(seconds > 0 for seconds in record.values())
    assert not any(b"seconds" in of for path, of in content(project / "models").items() if path.endswith("json"))


def test_an_experiment_in_a_copy_records_its_time_in_the_real_project(project, run, trained, tmp_path):
    before = content(project / ".timings")
    assert run("train", "words-lost", DVC_ROOT=str(tmp_path)).returncode == 0
    assert {str(Path(path).parent) for path in content(tmp_path)} == {".timings/words/words-lost"}
    assert content(project / ".timings") == before


def test_the_number_of_workers_changes_no_byte(model, run):
    before = content(model)
    done = run("train", "words-lstm", PIPELINE_WORKERS="2")
    assert done.returncode == 0
    assert content(model) == before


def test_native_numerics_are_told_and_noted(project, model, run, tmp_path):
    shutil.copytree(project, tmp_path, dirs_exist_ok=True)
    done = subprocess.run(
        **command(tmp_path, "train", "words-lstm", PIPELINE_NUMERICS="native"), capture_output=True, check=True
    )
    assert done.stdout.splitlines()[1:] == [f"words-lstm: {CAVEAT}"]
    assert json.loads((tmp_path / "models/words/words-lstm/model.json").read_text())["numerics"] == CAVEAT


def test_a_model_that_another_run_trains_is_trained_without_checkpoints(project, trained, run, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(project))
    with checkpoints.owned("words-lstm"):
        done = run("train", "words-lstm", PIPELINE_CHECKPOINTS="0")
        assert done.stdout.splitlines()[0] == (
            "words-lstm: another run trains it at this moment; this one keeps no checkpoints"
        )
        assert not list(checkpoints.folder("words-lstm").iterdir())


def test_a_time_that_cannot_be_recorded_ends_no_training(project, trained, run, tmp_path):
    (tmp_path / ".timings").write_text("")
    done = run("train", "words-lost", DVC_ROOT=str(tmp_path))
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        "words-lost: its time is not recorded (Not a directory)",
    )


def test_a_model_that_diverges_is_no_error(project, trained):
    done = trained["words-lost"]
    assert (done.returncode, said(done.stderr)) == (0, [])
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert all(re.fullmatch(r"words-lost seed [12]: diverged at epoch [123]", line) for line in lines[:4])
    found = content(project / "models/words/words-lost")
    assert set(found) == {"model.json", "history.csv"}
    seeds = json.loads(found["model.json"])["seeds"]
    assert all(re.match(r"diverged at epoch [123] \(held-out fit\)", seed["status"]) for seed in seeds.values())


def test_a_device_that_is_not_there_ends_in_one_line_and_leaves_all_as_it_was(project, model, run):
    before = content(project)
    done = run("train", "words-lstm", PIPELINE_DEVICE="cuda:99")
    assert done.returncode == 1
    assert done.stderr == "Error: PIPELINE_DEVICE: no device 'cuda:99' here; unset it, or set it to cpu\n"
    assert done.stdout == ""
    assert content(project) == before


def test_ctrl_c_ends_a_training_in_one_line_and_leaves_all_as_it_was(project, trained):
    before = content(project)
    options = command(project, "train", "names-rnn", PIPELINE_WORKERS="2")
    with running(options.pop("args"), **options) as process:
        while not list((project / "models").glob("*/.*.partial")):
            assert process.poll() is None
            time.sleep(0.1)
        time.sleep(4)  # in the midst of it
        started = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        process.wait(20)
        assert time.monotonic() - started < 2
        output, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert output == ""
    assert errors.strip() == "Interrupted; run the same command again."
    assert content(project) == before
    assert not list((project / "models").glob("*/.*"))


def refused(*arguments):
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1
    return done.output


def test_an_unknown_model_lists_the_known(project, monkeypatch):
    monkeypatch.chdir(project)
    assert refused("words-lsmt") == (
        "Error: models.words-lsmt: no such block in params.yaml; known: words-lstm, words-lost, names-rnn\n"
    )


def test_data_that_are_not_prepared_are_named(project, here):
    (here / "params.yaml").write_bytes((project / "params.yaml").read_bytes())
    assert refused("names-rnn") == (
        "Error: data/prepared/names/card.json: no such file; run `dvc repro`, which makes it\n"
    )
    assert content(here).keys() == {"params.yaml"}


def test_a_fault_in_params_is_told(project, here):
    params = (project / "params.yaml").read_text()
    (here / "params.yaml").write_text(params.replace("cell: lstm", "cell: lsmt"))
    assert refused("names-rnn").startswith("Error: params.yaml: models.words-lstm.cell: found 'lsmt'; wanted ")


def test_help_comes_without_torch(run):
    done = run("train", "--help")
    assert "Train the model NAME" in done.stdout
