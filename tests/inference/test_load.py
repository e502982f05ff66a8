import json
import os
import shutil
import subprocess
import sys

import pytest

import pipeline
from pipeline import manifest
from pipeline.data.prepared import ALL_ROWS, TRAIN
from pipeline.errors import DataError, InputError, NotTrainedError, ParamsError
from tests.support.project import REPOSITORY


@pytest.fixture
def project(trained_project, tmp_path):
    """Return a copy of the trained project, to be changed."""
    return shutil.copytree(trained_project, tmp_path / "copy")


@pytest.fixture
def load_error(project, error_line):
    """Return a function that loads a model of the copy, and returns the line of the error."""

    def line(error, name, **choice):
        return error_line(error, lambda: pipeline.load(name, root=project, **choice)).replace(f"{project}{os.sep}", "")

    return line


def test_importing_the_package_loads_no_torch():
    code = (
        "import sys, pipeline; print(pipeline.load.__name__, sorted({'torch', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "load []\n"


def test_answering_does_not_import_torchs_compiler_which_takes_seconds(trained_project):
    code = (
        "import sys, pipeline; pipeline.load('text-lstm', root=sys.argv[1]).next_char_log_probs('the ')\n"
        "print('torch' in sys.modules, 'torch._dynamo' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(trained_project)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"


def test_the_fit_to_the_training_rows_is_loaded_unless_another_is_named(loaded, error_line):
    assert loaded("binary-lstm").predict("1010") == loaded("binary-lstm", fit=TRAIN).predict("1010")
    assert loaded("binary-lstm").predict("1010") != loaded("binary-lstm", fit=ALL_ROWS).predict("1010")
    assert loaded("sums-lstm").predict("3 0.5") == loaded("sums-lstm", fit=TRAIN).predict("3 0.5")
    assert "no fit 'all_rows' of seed 1, 2" in error_line(NotTrainedError, lambda: loaded("sums-lstm", fit=ALL_ROWS))
    line = error_line(InputError, lambda: loaded("sums-lstm", fit="best"))
    assert line == "fit: found 'best'; wanted 'train' or 'all_rows'"


def test_a_seed_that_diverged_is_left_out(project, loaded, load_error):
    where = project / "models/names/names-lstm"
    (where / "seed-2.safetensors").unlink()
    description = json.loads((where / "model.json").read_text())
    description["weights"].remove("seed-2.safetensors")
    (where / "model.json").write_text(json.dumps(description))
    manifest.write(where)
    alone = loaded("names-lstm", seed=1).probabilities("Ksax")
    assert pipeline.load("names-lstm", root=project).probabilities("Ksax") == alone
    assert "no fit 'train' of seed 2" in load_error(NotTrainedError, "names-lstm", seed=2)


def test_a_model_that_cannot_be_loaded_ends_in_one_line(project, load_error):
    shutil.rmtree(project / "models/text/text-lstm")
    description = project / "models/names/names-lstm/model.json"
    description.write_text(json.dumps(json.loads(description.read_text()) | {"prepared_digest": "other"}))
    manifest.write(description.parent)
    shutil.rmtree(project / "data/prepared/words")
    assert load_error(ParamsError, "text-gru").startswith("models.text-gru: no such block in params.yaml; known: ")
    assert "`dvc repro train@text-lstm`" in load_error(NotTrainedError, "text-lstm")
    assert "other data than data/prepared/names" in load_error(NotTrainedError, "names-lstm")
    assert load_error(DataError, "words-lstm").startswith("data/prepared/words/manifest.json: no such file; run `dvc")
    assert (
        load_error(InputError, "sales-lstm", seed=3) == "models/sales/sales-lstm: no network of seed 3; trained: 1, 2"
    )
