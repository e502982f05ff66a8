import numpy as np
import pytest

from pipeline import artifacts, judging, model_folder, train
from pipeline.datasets import prepared as data
from pipeline.history import HELD_OUT, REFIT
from pipeline.judgement import Question
from pipeline.references import BASELINE
from pipeline.train import Cell
from tests import small
from tests.small import model_settings


@pytest.fixture
def judge(tmp_path):
    """Train a model in the test's folder, by the steps of the stages, and judge it and the baseline."""

    def judged(prepared, baseline=BASELINE, **changes):
        where, folder, block = tmp_path / "prepared", tmp_path / "model", model_settings(epochs=1, **changes)
        for path in (where, folder):
            path.mkdir()
        data.write(prepared, where)
        told = []
        outcomes = [
            train.train_cell(Cell("toy", block, where, 1, fit, folder), told.append)
            for fit in train.fits_of(prepared.card)
        ]
        assert told == [epoch for outcome in outcomes for epoch in outcome.epochs]
        model_folder.write_records(folder, "toy", block, prepared.card, outcomes)
        questions = Question(where, "toy", 1, folder), Question(where, baseline, 0, None)
        return [judging.judge(question) for question in questions]

    return judged


def truths(judgement):
    return {split: found["truth"].tolist() for split, found in judgement.predictions.items()}


def test_models_and_baseline_are_judged_on_the_same_items(judge):
    network, baseline = judge(small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n", refit=True), batch=2)
    assert list(network.metrics) == list(baseline.metrics) == ["train", "validation", "test"]
    assert truths(network) == truths(baseline)


@pytest.mark.parametrize("window", [3, 9, 25])
def test_a_window_may_be_longer_than_the_validation_days(judge, window):
    days = [float(day % 7) for day in range(50)]
    network, baseline = judge(small.series(days, season=7), "baseline-naive", input="values", window=window)
    assert truths(network) == truths(baseline) == {"validation": days[30:40], "test": days[40:]}
    assert baseline.predictions["test"]["predicted"].tolist() == days[33:43]


def test_a_season_may_be_longer_than_the_validation_days(judge):
    days = list(np.arange(40.0))
    _, baseline = judge(small.series(days, season=11, validation=0.1), "baseline-naive", input="values", window=3)
    assert baseline.predictions["test"]["predicted"].tolist() == [day - 11 for day in days[32:]]


@pytest.mark.parametrize("window", [3, 50])
def test_a_window_may_be_longer_than_the_validation_text(judge, window):
    content = "".join(np.random.default_rng(0).choice(list("abc"), 200))
    prepared = small.text(content, alphabet="abc", validation=0.1)
    network, baseline = judge(prepared, window=window, sampling="random")
    assert truths(network) == truths(baseline)
    assert prepared.codec.decode(truths(network)["test"]) == content[160:]


@pytest.mark.parametrize("content", ["some words here ", "日本語"])  # not every script has spaces
def test_a_language_model_writes_on_from_the_test_text(judge, content):
    network, baseline = judge(small.text(content * 50), window=5, sampling="consecutive")
    assert [sample.temperature for sample in network.samples] == [0.0, 0.8]
    for sample in network.samples:
        assert len(sample.prefix) > 10
        assert sample.prefix in content * 9
        assert len(sample.text) == judging.SAMPLE
    assert baseline.samples == ()


def test_a_model_of_words_writes_on_from_the_first_letters_of_test_words(judge):
    prepared = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n")
    network, baseline = judge(prepared, batch=2)
    letters = {prepared.codec.decode([first]) for first in prepared.splits["test"]["symbols"][:, 0].tolist()}
    assert {sample.prefix for sample in network.samples} == letters
    assert len(network.samples) == 2 * len(letters)
    assert {len(sample.prefix + sample.text) for sample in network.samples} == {3}
    assert baseline.samples == ()


def test_a_refit_is_judged_on_all_rows_and_the_other_fit_on_held_out_ones(judge, tmp_path):
    prepared = small.pairs("".join(f"{n} 1,{n}\n" for n in range(20)), refit=True)
    network, baseline = judge(prepared, "baseline-mean", input="values")
    assert sorted(truths(network)["train"]) == list(range(20))
    assert truths(network)["test"] == prepared.splits["test"]["targets"].tolist()
    assert set(baseline.predictions["train"]["predicted"]) == {9.5}
    assert set(baseline.predictions["test"]["predicted"]) == {prepared.splits["train"]["targets"].mean()}
    files = {fit: model_folder.weights_file(tmp_path / "model", 1, fit) for fit in (HELD_OUT, REFIT)}
    assert files[HELD_OUT].read_bytes() != files[REFIT].read_bytes()


def test_a_network_that_diverged_has_neither_weights_nor_metrics(judge, tmp_path):
    prepared = small.pairs("".join(f"{n} 1,{n}\n" for n in range(20)))
    network, baseline = judge(prepared, input="values", optimiser="sgd", rate=1e30)
    assert (network.metrics, network.predictions) == ({}, {})
    assert baseline.metrics["test"]
    assert {path.name for path in (tmp_path / "model").iterdir()} == {"model.json", "history.csv"}
    assert artifacts.read_json(tmp_path / "model" / "model.json")["seeds"] == {
        "1": {"status": "diverged at epoch 1 (held-out fit)", "epochs": 1, "best_epoch": 0}
    }


def test_settings_come_back_from_a_models_folder(judge, tmp_path):
    judge(small.pairs("".join(f"{n} 1,{n}\n" for n in range(20))), input="values", layers=2, hidden=[3, 4])
    wanted = model_settings(epochs=1, input="values", layers=2, hidden=[3, 4])
    assert model_folder.read_settings(tmp_path / "model") == wanted


def test_damaged_weights_are_named(judge, tmp_path, fault):
    judge(small.pairs("".join(f"{n} 1,{n}\n" for n in range(20))), input="values")
    path = next((tmp_path / "model").glob("*.safetensors"))
    model_folder.read_weights(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    wanted = f"{path}: damaged, by its digest in model.json; run `make mend` and `dvc repro`"
    assert fault(model_folder.read_weights, path) == wanted
    path.unlink()
    assert fault(model_folder.read_weights, path) == f"{path}: no such file; run `dvc repro`, which brings it back"
