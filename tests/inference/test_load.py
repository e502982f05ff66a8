import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import pipeline
from pipeline.data import prepared as data
from pipeline.errors import DataError, InputError, NotTrainedError, ParamsError
from pipeline.models.network import load_network
from pipeline.models.storage import HELD_OUT, REFIT
from pipeline.tasks import TASKS
from tests.support.small import REPOSITORY
from tests.support.trained import MODELS


@pytest.fixture
def project(trained_project, tmp_path):
    """Return a copy of the trained project, to be changed."""
    return shutil.copytree(trained_project, tmp_path / "copy")


@pytest.mark.parametrize("name", MODELS)
def test_every_format_has_a_predictor(loaded, name):
    assert loaded(name).name == name


def test_importing_the_package_loads_no_torch():
    code = (
        "import sys, pipeline; print(pipeline.load.__name__, sorted({'torch', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "load []\n"


def test_predictions_of_one_seed_agree_with_evaluate(loaded, trained_project):
    prepared = data.read(trained_project / "data/prepared/names")
    predictor = loaded("names-lstm", seed=2)
    params, folder = predictor.trained.params, trained_project / "models/names/names-lstm"
    task, arrays = TASKS["classify"], prepared.splits["test"]
    network = load_network(params, task.shape(prepared.card), folder, 2, HELD_OUT)
    wanted = task.predict(network, task.examples(arrays, None, params, "cpu"), params)["probabilities"]
    texts = [
        prepared.vocabulary.decode(row[:length])
        for row, length in zip(arrays["symbols"], arrays["lengths"], strict=True)
    ]
    found = np.exp(predictor.log_probs([predictor.encode(text) for text in texts]))
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_missing_weights_are_not_taken_for_a_divergence(project, error_line):
    where = project / "models/names/names-lstm/seed-2.safetensors"
    where.unlink()
    line = error_line(NotTrainedError, lambda: pipeline.load("names-lstm", root=project))
    assert line == f"{where}: no such file; run `dvc repro`, which restores it"


@pytest.mark.parametrize("name", ["seed-2.safetensors", "model.json"])
def test_damaged_files_of_a_model_are_refused(project, error_line, name):
    where = project / "models/names/names-lstm" / name
    where.write_bytes(where.read_bytes()[:100])
    line = error_line(NotTrainedError, lambda: pipeline.load("names-lstm", root=project))
    assert line.startswith(f"{where}: ")
    assert "`dvc repro`" in line


def test_the_ensemble_has_the_mean_of_the_probabilities_of_its_seeds(loaded):
    for name, text in (("names-lstm", "Ksax"), ("lyrics-lstm", "In the"), ("vowels-lstm", "the wo")):
        alone = [loaded(name, seed=seed).probabilities(text) for seed in (1, 2)]
        mean = {label: (alone[0][label] + alone[1][label]) / 2 for label in alone[0]}
        assert loaded(name).probabilities(text) == pytest.approx(mean)


def test_the_ensemble_has_the_mean_of_the_numbers_of_its_seeds(loaded):
    for name, text in (("binary-lstm", "1010"), ("sums-lstm", "3 0.5"), ("sales-lstm", "1 2 3 4")):
        alone = [loaded(name, seed=seed).predict(text) for seed in (1, 2)]
        assert loaded(name).predict(text) == pytest.approx(sum(alone) / 2)


def test_the_refit_is_loaded_if_there_is_one(loaded, error_line):
    assert loaded("binary-lstm").predict("1010") == loaded("binary-lstm", fit=REFIT).predict("1010")
    assert loaded("binary-lstm").predict("1010") != loaded("binary-lstm", fit=HELD_OUT).predict("1010")
    assert loaded("sums-lstm").predict("3 0.5") == loaded("sums-lstm", fit=HELD_OUT).predict("3 0.5")
    assert "no fit 'refit' of seed 1, 2" in error_line(NotTrainedError, lambda: loaded("sums-lstm", fit=REFIT))
    line = error_line(InputError, lambda: loaded("sums-lstm", fit="best"))
    assert line == "fit: found 'best'; wanted 'held-out', 'refit' or nothing"


def test_a_seed_that_diverged_is_left_out(project, loaded, error_line):
    where = project / "models/names/names-lstm"
    (where / "seed-2.safetensors").unlink()
    description = json.loads((where / "model.json").read_text())
    del description["weights"]["seed-2.safetensors"]
    (where / "model.json").write_text(json.dumps(description))
    alone = loaded("names-lstm", seed=1).probabilities("Ksax")
    assert pipeline.load("names-lstm", root=project).probabilities("Ksax") == pytest.approx(alone)
    assert "no weights of seed 2" in error_line(NotTrainedError, lambda: pipeline.load("names-lstm", 2, root=project))


def test_a_model_that_cannot_be_loaded_ends_in_one_line(project, error_line):
    shutil.rmtree(project / "models/text/text-lstm")
    description = project / "models/names/names-lstm/model.json"
    content = json.loads(description.read_text())
    description.write_text(json.dumps(content | {"prepared_digest": "other"}))
    shutil.rmtree(project / "data/prepared/words")

    def line(error, name, **choice):
        return error_line(error, lambda: pipeline.load(name, root=project, **choice)).replace(f"{project}{os.sep}", "")

    assert line(ParamsError, "text-gru").startswith(
        "models.text-gru: no such block in params.yaml; known: words-lstm, "
    )
    untrained = "models/text/text-lstm: text-lstm is not trained; run `dvc repro train@text-lstm`"
    assert line(NotTrainedError, "text-lstm") == untrained
    other_data = "models/names/names-lstm: trained on other data than data/prepared/names has now"
    assert line(NotTrainedError, "names-lstm").startswith(other_data)
    missing = "data/prepared/words/data_card.json: no such file; run `dvc repro`"
    assert line(DataError, "words-lstm").startswith(missing)
    assert line(InputError, "sales-lstm", seed=3) == "models/sales/sales-lstm: no network of seed 3; trained: 1, 2"
