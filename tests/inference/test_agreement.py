"""Inputs are read as `prepare` reads the raw file, and answered as `evaluate` predicts, by one seed or the ensemble."""

import csv

import numpy as np
import pytest

from pipeline.data.prepared import TRAIN
from pipeline.models.network import Ensemble, load_networks
from pipeline.tasks import TASKS

one_seed_or_all = pytest.mark.parametrize("seed", [2, None])


@pytest.fixture
def evaluated(trained_project):
    """Return a function that gives the predictions which `evaluate` makes with one seed, or those of the ensemble."""

    def predictions(model, arrays, seed):
        card, params = model.trained.prepared.card, model.trained.params
        task, folder = TASKS[card.task], trained_project / "models" / card.dataset / model.name
        examples = task.examples(arrays, None, params, "cpu")
        shape, seeds = task.shape(model.trained.prepared), [seed] if seed else [1, 2]
        networks = load_networks(params, shape, folder, seeds, TRAIN)
        return task.predict(networks[seed] if seed else Ensemble(list(networks.values())).eval(), examples, params)

    return predictions


@one_seed_or_all
@pytest.mark.parametrize("name", ["names-lstm", "vowels-lstm"])
def test_probabilities_of_classes(loaded, evaluated, name, seed):
    model = loaded(name, seed=seed)
    arrays = model.trained.prepared.splits["test"]
    rows = zip(arrays["symbols"], arrays["lengths"], strict=True)
    texts = [model.vocabulary.decode(row[:length]) for row, length in rows]
    found = np.exp(model.log_probs([model.encode(text) for text in texts]))
    np.testing.assert_allclose(found, evaluated(model, arrays, seed)["probabilities"], atol=1e-6)


@one_seed_or_all
@pytest.mark.parametrize("name", ["sums-lstm", "binary-lstm", "binary-flat", "sales-lstm", "sales-flat"])
def test_numbers(loaded, evaluated, name, seed):
    model = loaded(name, seed=seed, fit=TRAIN)
    arrays = model.trained.prepared.splits["test"]
    wanted = evaluated(model, arrays, seed)["predicted"]
    window = model.trained.params.window
    rows = [arrays["values"][day : day + window] for day in range(len(wanted))] if window else arrays["inputs"]
    np.testing.assert_allclose([model.predict(row.tolist()) for row in rows], wanted, rtol=1e-5)


@one_seed_or_all
def test_the_probability_of_a_word(loaded, evaluated, seed):
    model = loaded("words-lstm", seed=seed, fit=TRAIN)
    arrays = model.trained.prepared.splits["test"]
    wanted = evaluated(model, arrays, seed)
    words = [model.vocabulary.decode(row[:n]) for row, n in zip(arrays["symbols"], arrays["lengths"], strict=True)]
    found = [model.sequence_log_prob(word[1:], word[0]) for word in words]
    np.testing.assert_allclose(found, -np.bincount(wanted["row"], wanted["nll"]), rtol=1e-4)


@one_seed_or_all
def test_the_probability_of_a_text(loaded, evaluated, seed):
    model = loaded("lyrics-lstm", seed=seed)
    length = model.trained.params.sequence_length
    stream = model.trained.prepared.splits["test"]["stream"][: 2 * length + 1]  # one stream, without parallel ones
    text = model.vocabulary.decode(stream)
    # `evaluate` only reads the first sequence, after the first symbol.
    found = model.sequence_log_prob(text[length + 1 :], text[1 : length + 1])
    assert found == pytest.approx(-evaluated(model, {"stream": stream}, seed)["nll"].sum(), rel=1e-4)


@pytest.mark.parametrize(
    ("name", "column", "array"),
    [("words", 0, "symbols"), ("names", "name", "symbols"), ("binary", "bits", "inputs"), ("sums", "x", "inputs")],
)
def test_rows_are_read_as_prepare_reads_them(loaded, trained_project, name, column, array):
    model = loaded(f"{name}-lstm")
    with next(trained_project.glob(f"{name}.*")).open() as file:
        inputs = [row[column] for row in (csv.DictReader(file) if column else csv.reader(file))]
    found = {tuple(model.reader.read(text, allow_oov=True).tolist()) for text in inputs}
    splits = model.trained.prepared.splits.values()
    lengths = [arrays.get("lengths", np.full(len(arrays[array]), 99)) for arrays in splits]
    rows = [zip(arrays[array], ends, strict=True) for arrays, ends in zip(splits, lengths, strict=True)]
    assert found == {tuple(row[:length].tolist()) for split in rows for row, length in split}


def test_texts_and_days_are_read_as_prepare_reads_them(loaded, trained_project):
    for name in ("lyrics", "text"):
        text, model = (trained_project / f"{name}.txt").read_text(), loaded(f"{name}-lstm")
        streams = [arrays["stream"] for arrays in model.trained.prepared.splits.values()]
        assert model.reader.read(text, allow_oov=True).tolist() == np.concatenate(streams).tolist()
    vowels = loaded("vowels-lstm")
    found = {tuple(vowels.reader.read(text[:end]).tolist()) for end in range(1, len(text))}
    assert found > {tuple(row) for row in vowels.trained.prepared.splits["train"]["symbols"].tolist()}
    sales = loaded("sales-lstm")
    days, values = sales.reader.read_table(trained_project / "sales.csv", "sales")
    for found, array in ((days, "dates"), (values, "values")):
        arrays = [arrays[array] for arrays in sales.trained.prepared.splits.values()]
        assert found.tolist() == np.concatenate(arrays).tolist()
