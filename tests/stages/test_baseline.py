"""Stage `baseline`, and what `evaluate` says of files of it that are missing, damaged or of other data."""

import shutil

import numpy as np
import pytest
from click.testing import CliRunner

from pipeline import files, manifest
from pipeline.evaluation.baselines import regress
from pipeline.evaluation.baselines.base import Baseline
from pipeline.evaluation.baselines.fitting import fit_all
from pipeline.evaluation.tasks import EVALUATIONS
from pipeline.evaluation.verification import read_verified
from stages import baseline, evaluate
from tests.support import project, small
from tests.support.damage import check_line, set_value

pytestmark = pytest.mark.xdist_group("project")
FOLDER = "baselines/sums"


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """Return a project with baselines and without models."""
    folder = tmp_path_factory.mktemp("fitted")
    project.write(folder, project.params_text(["sums"], {}))
    project.prepare(folder)
    project.fit_baselines(folder)
    return folder


@pytest.fixture
def sums(fitted, here):
    """Copy that project into the working folder, and return its baselines."""
    shutil.copytree(fitted, here, dirs_exist_ok=True)
    return here / FOLDER


def refused(command):
    done = CliRunner().invoke(command.main, ["sums"])
    assert done.exit_code == 1, done.output
    return done.output.strip().removeprefix("Error: ")


def test_the_folder_has_predictions_words_and_bound(sums):
    arrays = {
        f"baseline-{name}/{split}/{array}.npy"
        for name in ("linear", "mean")
        for split in ("validation", "test")
        for array in ("truth", "predicted")
    }
    assert set(content(sums)) == {"manifest.json", "references.json", *arrays}
    stored = files.read_json(sums / "references.json")["references"]
    assert list(stored) == ["baseline-linear", "baseline-mean", "bound"]
    assert stored["baseline-mean"]["splits"] == {"validation": None, "test": None}
    assert stored["bound"]["splits"]["test"] == {"mse": 0.0, "mae": 0.0}


def test_the_command_writes_the_same_bytes_again_and_says_what_it_fitted(sums):
    before = content(sums)
    shutil.rmtree(sums)
    done = CliRunner().invoke(baseline.main, ["sums"])
    assert done.output == "sums: baseline-linear, baseline-mean, bound in baselines/sums\n"
    assert content(sums) == before


def test_damaged_predictions_are_named_with_a_cure(sums):
    path = sums / "baseline-mean/test/predicted.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    check_line(refused(evaluate), f"{FOLDER}/baseline-mean/test/predicted.npy: damaged")


@pytest.mark.parametrize("name", ["manifest.json", "references.json", "baseline-linear/validation/truth.npy"])
def test_a_missing_file_is_named_with_a_cure(sums, name):
    (sums / name).unlink()
    check_line(refused(evaluate), f"{FOLDER}/{name}: no such file")


@pytest.mark.parametrize(
    ("keys", "value", "where"),
    [
        ("dataset", "words", f"{FOLDER}/references.json: of data set words, not sums"),
        ("prepared_digest", "0", f"{FOLDER}: fitted to other data than"),
        ("references", {}, f"{FOLDER}/references.json: references: "),
        ("references:baseline-mean:splits:all_rows", None, f"{FOLDER}/baseline-mean/all_rows: found no arrays"),
        ("references:baseline-mean:splits:tset", None, f"{FOLDER}/references.json: references: found 'tset'"),
    ],
)
def test_what_does_not_fit_the_prepared_data_is_refused(sums, keys, value, where):
    path = sums / "references.json"
    path.write_bytes(set_value(keys, value)(path.read_bytes()))
    manifest.write(sums)
    check_line(refused(evaluate), where)


@pytest.mark.parametrize(
    ("array", "change", "problem"),
    [
        ("truth", lambda values: values[1:], "predicted.npy: found the shape "),
        ("truth", lambda values: values.astype(int), "truth (i, 1 axes)"),
        ("predicted", lambda values: values * np.nan, "predicted.npy: found values that are not from"),
        ("more", lambda values: values, "not what task regress predicts"),
    ],
)
def test_predictions_that_no_task_makes_are_refused(sums, array, change, problem):
    folder = sums / "baseline-mean/test"
    np.save(folder / f"{array}.npy", change(np.load(folder / "truth.npy")))
    manifest.write(sums)
    line = refused(evaluate)
    assert line.startswith(f"{FOLDER}/baseline-mean/test")
    assert problem in line


def test_a_class_that_the_data_do_not_have_is_refused(tmp_path, error_of):
    names = "".join(f"{letter}{'xy'[row % 2]}{'z' * row},{letter}\n" for letter in "ab" for row in range(20))
    prepared = small.labelled(names)
    fit_all(prepared, tmp_path)
    path = tmp_path / "baseline-frequent/test/truth.npy"
    np.save(path, np.load(path) + 2)
    manifest.write(tmp_path)
    error = error_of(read_verified, tmp_path, prepared.card, EVALUATIONS["classify"].predictions)
    assert error.startswith(f"{path}: found values that are not from 0 to 1")


@pytest.fixture
def fit_failing(monkeypatch, tmp_path):
    """Return a function that fits baselines of which one raises an error."""

    def fit(error):
        def failing(data):
            raise error

        monkeypatch.setitem(regress.NUMBERS.baselines, "baseline-linear", Baseline(failing, "", ""))
        fit_all(small.pairs("".join(f"{n} 1,{n}\n" for n in range(20))), tmp_path)

    return fit


def test_a_fit_that_fails_names_data_set_and_baseline(fit_failing):
    with pytest.raises(ValueError, match="singular") as caught:
        fit_failing(ValueError("singular"))
    (note,) = caught.value.__notes__
    assert "baseline-linear" in note
    assert small.pairs("".join(f"{n} 1,{n}\n" for n in range(20))).card.dataset in note


def test_a_fit_that_lacks_memory_ends_in_one_line(fit_failing, error_of):
    assert "not enough memory to fit baseline-linear; " in error_of(fit_failing, MemoryError())
