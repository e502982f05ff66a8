import numpy as np
import pytest

from pipeline import files
from pipeline.data import prepared as data
from pipeline.data.prepared import ALL_ROWS, TRAIN
from pipeline.evaluation import jobs
from pipeline.evaluation.baselines import REFERENCES
from pipeline.evaluation.baselines.fitting import fit_baseline
from pipeline.evaluation.results import Evaluation, EvaluationJob
from pipeline.evaluation.tasks import next_symbol
from pipeline.execution.context import LocalContext
from pipeline.models import storage
from pipeline.training import run
from pipeline.training.run import TrainingJob
from tests.support import small
from tests.support.small import model_params


@pytest.fixture
def evaluate(tmp_path):
    """Train a model in the test's folder, by the steps of the stages, and evaluate it and the baseline."""

    def evaluated(prepared, baseline=None, **changes):
        prepared_folder, folder, params = tmp_path / "prepared", tmp_path / "model", model_params(epochs=1, **changes)
        for path in (prepared_folder, folder):
            path.mkdir()
        data.write(prepared, prepared_folder)
        reported = []
        outcomes = []
        for fit in run.fits(prepared.card):
            job = TrainingJob("toy", params, prepared_folder, 1, fit, checkpoint=None)
            outcome, weights = run.run_job(job, LocalContext(reported.append))
            if weights:
                storage.write_weights(storage.weights_file(folder, 1, fit), weights)
            outcomes.append(outcome)
        epochs = [epoch for outcome in outcomes for epoch in outcome.epochs]
        assert [message.step for message in reported] == [epoch.epoch for epoch in epochs]
        assert all(
            f"{epoch.train_loss:.4f}" in message.details for message, epoch in zip(reported, epochs, strict=True)
        )
        storage.write_records(folder, "toy", params, prepared.card, outcomes)
        network = jobs.evaluate_job(EvaluationJob(prepared_folder, "toy", folder))
        known = REFERENCES[prepared.card.task](prepared).baselines
        return network, Evaluation("baseline", {}, fit_baseline(prepared, known[baseline or next(iter(known))]))

    return evaluated


def truths(evaluation):
    return {split: predictions["truth"].tolist() for split, predictions in evaluation.predictions.items()}


def test_model_and_baseline_are_evaluated_on_the_same_items(evaluate):
    network, baseline = evaluate(small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n", refit=True), batch_size=2)
    assert list(network.predictions) == list(baseline.predictions) == ["validation", "test", "all_rows"]
    assert truths(network) == truths(baseline)


@pytest.mark.parametrize("window", [3, 9, 25])
def test_a_window_may_be_longer_than_the_validation_days(evaluate, window):
    days = [float(day % 7) for day in range(50)]
    network, baseline = evaluate(small.series(days, season=7), "baseline-naive", input="values", window=window)
    assert truths(network) == truths(baseline) == {"validation": days[30:40], "test": days[40:]}
    assert baseline.predictions["test"]["predicted"].tolist() == days[33:43]


def test_a_season_may_be_longer_than_the_validation_days(evaluate):
    days = list(np.arange(40.0))
    _, baseline = evaluate(small.series(days, season=11, validation=0.1), "baseline-naive", input="values", window=3)
    assert baseline.predictions["test"]["predicted"].tolist() == [day - 11 for day in days[32:]]


@pytest.mark.parametrize("length", [3, 50])
def test_sequences_may_be_longer_than_the_validation_text(evaluate, length):
    content = "".join(np.random.default_rng(0).choice(list("abc"), 200))
    prepared = small.text(content, alphabet="abc", validation=0.1)
    network, baseline = evaluate(prepared, sequence_length=length, sampling="random")
    assert truths(network) == truths(baseline)
    assert prepared.vocabulary.decode(truths(network)["test"]) == content[160:]


@pytest.mark.parametrize("content", ["some words here ", "日本語"])  # not every script has spaces
def test_a_language_model_continues_the_test_text(evaluate, content):
    network, _ = evaluate(small.text(content * 50), sequence_length=5, sampling="consecutive")
    assert [sample.temperature for sample in network.samples] == [0.0, 0.8]
    for sample in network.samples:
        assert len(sample.prefix) > 10
        assert sample.prefix in content * 9
        assert len(sample.text) == next_symbol.SAMPLE_LENGTH


def test_a_model_of_words_continues_the_first_letters_of_test_words(evaluate):
    prepared = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n")
    network, _ = evaluate(prepared, batch_size=2)
    letters = {prepared.vocabulary.decode([letter]) for letter in prepared.splits["test"]["symbols"][:, 0].tolist()}
    assert {sample.prefix for sample in network.samples} == letters
    assert len(network.samples) == 2 * len(letters)
    assert {len(sample.prefix + sample.text) for sample in network.samples} == {3}


def test_a_refit_is_evaluated_on_all_rows_and_the_other_fit_on_held_out_rows(evaluate, tmp_path):
    prepared = small.pairs("".join(f"{n} 1,{n}\n" for n in range(20)), refit=True)
    network, baseline = evaluate(prepared, "baseline-mean", input="values")
    assert sorted(truths(network)["all_rows"]) == list(range(20))
    assert truths(network)["test"] == prepared.splits["test"]["targets"].tolist()
    assert set(baseline.predictions["all_rows"]["predicted"]) == {9.5}
    assert set(baseline.predictions["test"]["predicted"]) == {prepared.splits["train"]["targets"].mean()}
    weights = {fit: storage.weights_file(tmp_path / "model", 1, fit) for fit in (TRAIN, ALL_ROWS)}
    assert weights[TRAIN].read_bytes() != weights[ALL_ROWS].read_bytes()


def test_a_network_that_diverged_has_neither_weights_nor_metrics(evaluate, tmp_path):
    prepared = small.pairs("".join(f"{n} 1,{n}\n" for n in range(20)))
    network, baseline = evaluate(prepared, input="values", optimiser="sgd", learning_rate=1e30)
    assert (network.metrics, network.predictions) == ({}, {})
    assert set(baseline.predictions) == {"validation", "test"}
    assert {path.name for path in (tmp_path / "model").iterdir()} == {"model.json", "history.csv", "manifest.json"}
    assert files.read_json(tmp_path / "model" / "model.json")["seeds"] == {
        "1": {"status": "diverged at epoch 1 (fit train)", "epochs": 1, "best_epoch": 0}
    }


def test_params_are_read_back_from_a_models_folder(evaluate, tmp_path):
    evaluate(small.pairs("".join(f"{n} 1,{n}\n" for n in range(20))), input="values", layers=2, hidden_size=[3, 4])
    wanted = model_params(epochs=1, input="values", layers=2, hidden_size=[3, 4])
    assert storage.read_description(tmp_path / "model").params == wanted
