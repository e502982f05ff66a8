"""Training as a command: its files, its console lines, and its errors."""

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file

from pipeline.files import read_csv
from pipeline.training import checkpoint, timings
from stages.train import main
from tests.stages.conftest import command
from tests.support.processes import running, wait
from tests.support.project import params_text, prepare, write

pytestmark = pytest.mark.xdist_group("project")


def content(folder):
    """Return the content of a folder's files by path, without the checkpoints, which depend on the clock."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if not name.startswith(".checkpoints")}


@pytest.fixture
def model(project, trained):
    return project / "models/words/words-lstm"


def other_lines(errors):
    """Return the lines that do not show progress, which is printed on a slow machine alone."""
    return [line for line in errors.splitlines() if not re.search(r": epoch \d+/\d+, loss ", line)]


def test_a_trained_model_is_printed(trained):
    done = trained["words-lstm"]
    assert (done.returncode, other_lines(done.stderr)) == (0, [])
    assert re.fullmatch(
        r"words-lstm: 4 trainings of 525 parameters, \d+\.\d s of training in \d+\.\d s, [\d.e-]+ s an epoch\n",
        done.stdout,
    )


def test_the_folder_has_the_weights_of_each_seed_and_fit_and_two_records(model):
    weights = {f"seed-{seed}{fit}.safetensors" for seed in (1, 2) for fit in ("", "-all_rows")}
    assert set(content(model)) == weights | {"model.json", "history.csv", "manifest.json"}
    shapes = {name: array.shape for name, array in load_file(model / "seed-1.safetensors").items()}
    assert shapes["head.weight"] == (5, 8)
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 525


def test_model_json_describes_what_was_trained(model):
    found = json.loads((model / "model.json").read_text())
    keys = "model dataset task params parameters prepared_digest reproducibility weights seeds"
    assert list(found) == keys.split()
    assert (found["model"], found["dataset"], found["task"]) == ("words-lstm", "words", "next-symbol")
    assert found["params"]["hidden_size"] == 8
    assert found["reproducibility"] == "portable"
    card = json.loads((model / "../../../data/prepared/words/data_card.json").read_text())
    assert found["prepared_digest"] == card["digest"]
    assert set(found["seeds"]) == {"1", "2"}
    for seed in found["seeds"].values():
        assert seed["status"] == "finished"
        assert seed["epochs"] == 3
        assert 1 <= seed["best_epoch"] <= 3


def test_the_history_has_a_row_an_epoch_seed_and_fit(model):
    rows = read_csv(model / "history.csv")
    places = [(row["seed"], row["fit"], row["epoch"]) for row in rows]
    assert places == [(s, fit, e) for fit in ("train", "all_rows") for s in "12" for e in "123"]
    assert all(0 < float(row["train_loss"]) < 3 for row in rows)
    assert all((row["validation_loss"] == "") == (row["fit"] == "all_rows") for row in rows)


def test_its_time_is_recorded_outside_of_the_results(project, model):
    digest = timings.digest(model)
    record = json.loads((project / f".timings/words/words-lstm/{digest[:16]}.json").read_text())
    assert set(record) == {"1", "2"}
    assert all(time["seconds"] > 0 and time["started"] < time["ended"] for time in record.values())
    assert {time["device"].partition(" ")[0] for time in record.values()} == {"cpu"}
    assert not any(b"seconds" in text for path, text in content(project / "models").items() if path.endswith("json"))


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


def test_native_kernels_are_printed_and_recorded(project, model, run, tmp_path):
    shutil.copytree(project, tmp_path, dirs_exist_ok=True)
    done = subprocess.run(
        **command(tmp_path, "train", "words-lstm", PIPELINE_KERNELS="native"), capture_output=True, check=True
    )
    line = "words-lstm: the same bytes only on the same model of processor (native kernels)"
    assert done.stdout.splitlines()[1:] == [line]
    assert json.loads((tmp_path / "models/words/words-lstm/model.json").read_text())["reproducibility"] == "native"


def test_a_model_that_another_run_trains_is_trained_without_checkpoints(project, trained, run, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(project))
    with checkpoint.claim("words-lstm"):
        done = run("train", "words-lstm", PIPELINE_CHECKPOINTS="0")
        assert done.stdout.splitlines()[0] == ("words-lstm: another run is training it; this one writes no checkpoints")
        assert not checkpoint.folder("words-lstm").exists()


def test_a_time_that_cannot_be_recorded_fails_no_training(project, trained, run, tmp_path):
    (tmp_path / ".timings").write_text("")
    done = run("train", "words-lost", DVC_ROOT=str(tmp_path))
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        "words-lost: its time is not recorded (Not a directory)",
    )


def test_a_model_that_diverges_is_no_error(project, trained):
    done = trained["words-lost"]
    assert (done.returncode, other_lines(done.stderr)) == (0, [])
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert all(re.fullmatch(r"words-lost seed [12]: diverged at epoch [123]", line) for line in lines[:4])
    found = content(project / "models/words/words-lost")
    assert set(found) == {"model.json", "history.csv", "manifest.json"}
    seeds = json.loads(found["model.json"])["seeds"]
    assert all(re.match(r"diverged at epoch [123] \(fit train\)", seed["status"]) for seed in seeds.values())


def test_a_model_that_did_not_learn_is_named_and_keeps_its_weights(here):
    absurd = {"dataset": "binary", "cell": "linear", "input": "values", "learning_rate": 1000.0}
    write(here, params_text(("binary",), {"binary-absurd": absurd}))
    prepare(here)
    done = CliRunner().invoke(main, ["binary-absurd"])
    lines = [line for line in done.output.splitlines() if "did not learn: loss" in line]
    assert (done.exit_code, len(lines)) == (0, 4)
    found = content(here / "models/binary/binary-absurd")
    assert len([name for name in found if name.endswith(".safetensors")]) == 4
    for seed in json.loads(found["model.json"])["seeds"].values():
        assert re.fullmatch(r"did not learn: .* \(fit train\); did not learn: .* \(fit all_rows\)", seed["status"])


def test_a_device_that_does_not_exist_ends_in_one_line_and_changes_nothing(project, model, run):
    before = content(project)
    done = run("train", "words-lstm", PIPELINE_DEVICE="cuda:99")
    assert done.returncode == 1
    assert done.stderr == "Error: PIPELINE_DEVICE: no device 'cuda:99' here; unset it, or set it to cpu\n"
    assert done.stdout == ""
    assert content(project) == before


def test_ctrl_c_ends_a_training_in_one_line_and_changes_nothing(project, trained, tmp_path):
    before = content(project)
    own = {"DVC_ROOT": str(tmp_path), "PIPELINE_CHECKPOINTS": "0.05", "PIPELINE_WORKERS": "2"}
    options = command(project, "train", "names-rnn", **own)
    with running(options.pop("args"), **options) as process:
        wait(lambda: len(list((tmp_path / ".checkpoints").rglob("seed-*"))) == 2)
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in output  # it may have how long the training takes
    assert errors.strip() == "Interrupted; run the same command again."
    assert content(project) == before
    assert not list((project / "models").glob("*/.*"))


def error_of(*arguments):
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1
    return done.output


def test_an_unknown_model_lists_the_known_ones(project, monkeypatch):
    monkeypatch.chdir(project)
    assert error_of("words-lsmt") == (
        "Error: models.words-lsmt: no such block in params.yaml; known: words-lstm, words-lost, names-rnn\n"
    )


def test_data_that_is_not_prepared_is_named(project, here):
    (here / "params.yaml").write_bytes((project / "params.yaml").read_bytes())
    assert error_of("names-rnn") == (
        "Error: data/prepared/names/manifest.json: no such file; run `dvc repro`, which makes it\n"
    )
    assert content(here).keys() == {"params.yaml"}


def test_an_error_in_params_is_printed(project, here):
    params = (project / "params.yaml").read_text()
    (here / "params.yaml").write_text(params.replace("cell: lstm", "cell: lsmt"))
    assert error_of("names-rnn").startswith("Error: params.yaml: models.words-lstm.cell: found 'lsmt'; wanted ")


def test_a_network_too_large_for_the_memory_ends_in_one_line_before_it_is_built(project, trained, tmp_path):
    shutil.copytree(project, tmp_path, dirs_exist_ok=True)
    params = (tmp_path / "params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(params.replace("hidden_size: 8", "hidden_size: 60000"))
    done = subprocess.run(**command(tmp_path, "train", "words-lstm"), capture_output=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: params.yaml: models.words-lstm.hidden_size: each of 4 trainings needs about ")
    assert done.stderr.count("\n") == 1
    assert content(tmp_path / "models") == content(project / "models")


def test_help_is_printed_without_importing_torch(project):
    options = command(project, "train", "--help")
    program, *arguments = options.pop("args")
    done = subprocess.run([program, "-X", "importtime", *arguments], **options, capture_output=True, check=True)
    assert "Train the model NAME" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "pipeline.training.run" in imported
    assert "torch" not in imported
