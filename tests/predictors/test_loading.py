import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import pipeline
from pipeline.datasets import prepared as data
from pipeline.history import HELD_OUT, REFIT
from pipeline.restoring import restored
from pipeline.tasks import TASKS
from tests.small import REPOSITORY as ROOT
from tests.trained import MODELS


@pytest.fixture
def copy(trained_project, tmp_path):
    return shutil.copytree(trained_project, tmp_path / "copy")


@pytest.mark.parametrize("name", MODELS)
def test_every_format_has_a_predictor(loaded, name):
    assert loaded(name).name == name


def test_importing_the_package_loads_no_torch():
    code = (
        "import sys, pipeline; print(pipeline.load.__name__, sorted({'torch', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "load []\n"


def test_one_seed_answers_as_evaluate_asks_it(loaded, trained_project):
    prepared = data.read(trained_project / "data/prepared/names")
    predictor = loaded("names-lstm", seed=2)
    settings, folder = predictor.trained.settings, trained_project / "models/names/names-lstm"
    task, arrays = TASKS["classify"], prepared.splits["test"]
    network = restored(prepared, settings, folder, 2, HELD_OUT)
    wanted = task.predict(network, task.examples(arrays, None, settings, "cpu"), settings)["probabilities"]
    texts = [
        prepared.codec.decode(row[:length]) for row, length in zip(arrays["symbols"], arrays["lengths"], strict=True)
    ]
    found = np.exp(predictor.log_probs([predictor.read(text) for text in texts]))
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_weights_that_are_missing_are_no_divergence(copy, fault):
    where = copy / "models/names/names-lstm/seed-2.safetensors"
    where.unlink()
    told = fault(lambda: pipeline.load("names-lstm", root=copy))
    assert told == f"{where}: no such file; run `dvc repro`, which brings it back"


def test_all_seeds_together_are_the_mean_of_their_probabilities(loaded):
    for name, text in (("names-lstm", "Ksax"), ("lyrics-lstm", "In the"), ("vowels-lstm", "the wo")):
        alone = [loaded(name, seed=seed).probabilities(text) for seed in (1, 2)]
        mean = {label: (alone[0][label] + alone[1][label]) / 2 for label in alone[0]}
        assert loaded(name).probabilities(text) == pytest.approx(mean)


def test_all_seeds_together_are_the_mean_of_their_numbers(loaded):
    for name, text in (("binary-lstm", "1010"), ("sums-lstm", "3 0.5"), ("sales-lstm", "1 2 3 4")):
        alone = [loaded(name, seed=seed).predict(text) for seed in (1, 2)]
        assert loaded(name).predict(text) == pytest.approx(sum(alone) / 2)


def test_the_refit_answers_where_there_is_one(loaded, fault):
    assert loaded("binary-lstm").predict("1010") == loaded("binary-lstm", fit=REFIT).predict("1010")
    assert loaded("binary-lstm").predict("1010") != loaded("binary-lstm", fit=HELD_OUT).predict("1010")
    assert loaded("sums-lstm").predict("3 0.5") == loaded("sums-lstm", fit=HELD_OUT).predict("3 0.5")
    assert "no fit 'refit' of seed 1, 2" in fault(lambda: loaded("sums-lstm", fit=REFIT))
    assert fault(lambda: loaded("sums-lstm", fit="best")) == "fit: found 'best'; wanted 'held-out', 'refit' or nothing"


def test_a_seed_that_diverged_is_left_out(copy, loaded, fault):
    where = copy / "models/names/names-lstm"
    (where / "seed-2.safetensors").unlink()
    description = json.loads((where / "model.json").read_text())
    del description["weights"]["seed-2.safetensors"]
    (where / "model.json").write_text(json.dumps(description))
    alone = loaded("names-lstm", seed=1).probabilities("Ksax")
    assert pipeline.load("names-lstm", root=copy).probabilities("Ksax") == pytest.approx(alone)
    assert "no weights of seed 2" in fault(lambda: pipeline.load("names-lstm", 2, root=copy))


def test_what_cannot_be_loaded_is_told_in_one_line(copy, fault):
    shutil.rmtree(copy / "models/text/text-lstm")
    description = copy / "models/names/names-lstm/model.json"
    content = json.loads(description.read_text())
    description.write_text(json.dumps(content | {"prepared_digest": "other"}))
    shutil.rmtree(copy / "data/prepared/words")

    def told(name, **choice):
        return fault(lambda: pipeline.load(name, root=copy, **choice)).replace(f"{copy}{os.sep}", "")

    assert told("text-gru").startswith("models.text-gru: no such block in params.yaml; known: words-lstm, ")
    assert told("text-lstm") == "models/text/text-lstm: text-lstm is not trained; run `dvc repro train@text-lstm`"
    assert told("names-lstm").startswith("models/names/names-lstm: not trained on what data/prepared/names holds now")
    assert told("words-lstm").startswith("data/prepared/words/card.json: no such file; run `dvc repro`")
    assert told("sales-lstm", seed=3) == "models/sales/sales-lstm: no network of seed 3; trained: 1, 2"
