"""Texts that a network writes while it is trained."""

import pytest

from pipeline import paths
from pipeline.data import prepared as data
from pipeline.data.prepared import ALL_ROWS, TRAIN
from pipeline.errors import NotTrainedError, ParamsError
from pipeline.execution.context import LocalContext
from pipeline.execution.progress import Progress
from pipeline.manifest import check
from pipeline.models import samples
from pipeline.models.samples import TrainingSample
from pipeline.training import loop, run
from pipeline.training.run import TrainingJob, run_job
from tests.support import small
from tests.support.small import model_params
from tests.training.conftest import same_weights

STREAM = {"sampling": "consecutive", "sequence_length": 8, "epochs": 4, "learning_rate": 0.05}


def with_samples(**changes):
    return model_params(**STREAM, samples={"every": 2, "length": 6, "prefixes": ["aabb", "b"]} | changes)


def test_a_network_continues_each_prefix_after_every_so_many_epochs(text):
    found = loop.train_network(with_samples(), text, 1).samples
    assert [(sample.epoch, sample.prefix, len(sample.text)) for sample in found] == [
        (epoch, prefix, 6) for epoch in (2, 4) for prefix in ("aabb", "b")
    ]
    last = loop.train_network(with_samples(every=4), text, 1).samples
    assert last == found[2:]


def test_a_trained_network_writes_the_text_that_it_has_read(text):
    trained = loop.train_network(with_samples(every=8).model_copy(update={"epochs": 8}), text, 1)
    assert trained.samples[0] == TrainingSample(8, "aabb", "aabbaa")


@pytest.mark.parametrize("changes", [{}, {"layers": 2, "dropout": 0.4}, {"bidirectional": True}])
def test_samples_change_nothing_else(text, changes):
    params = model_params(**STREAM, **changes)
    plain = loop.train_network(params, text, 1)
    asked = loop.train_network(params.model_copy(update={"samples": with_samples(every=1).samples}), text, 1)
    assert asked.samples
    assert plain.samples == ()
    assert asked.history == plain.history
    assert same_weights(asked.weights, plain.weights)


def test_a_network_that_diverged_writes_nothing(text):
    changes = {"optimiser": "sgd", "learning_rate": 1e30, "gradient_clip": 0.0, "cell": "linear"}
    trained = loop.train_network(with_samples(every=1).model_copy(update=changes), text, 1)
    assert trained.status == f"diverged at epoch {len(trained.history)}"
    assert all(sample.epoch < len(trained.history) for sample in trained.samples)


@pytest.mark.parametrize("alphabet", ["any", "ab"])
def test_a_prefix_with_a_symbol_that_no_training_row_has_is_refused_before_the_training(alphabet):
    prepared, params = small.text("aabb" * 50, alphabet=alphabet), with_samples(prefixes=["a", "aXb"])
    with pytest.raises(
        ParamsError, match=r"params.yaml: models.toy.samples.prefixes: found 'X' in 'aXb'.*leave it out"
    ):
        loop.train_network(params, prepared, 1, name="toy")


def test_samples_are_printed_as_the_training_goes(text, here):
    data.write(text, here / "prepared")
    messages = []
    job = TrainingJob("toy", with_samples(prefixes=["a"]), here / "prepared", 1, TRAIN, checkpoint=None)
    outcome, _ = run_job(job, LocalContext(messages.append))
    assert [message.step for message in messages if isinstance(message, Progress)] == [1, 2, 3, 4]
    lines = [message for message in messages if isinstance(message, str)]
    assert lines == [f"epoch {sample.epoch}: {sample.prefix} | {sample.text}" for sample in outcome.samples]
    assert messages.index(lines[0]) == 2


@pytest.fixture
def train(here, monkeypatch):
    """Return a function that trains a model of a text into its folder, in this process."""
    data.write(small.text("=a=b" * 60, alphabet="=ab", refit=True), here / "small")
    monkeypatch.setattr(
        run.executor, "run", lambda function, jobs, *_, **options: [function(job, LocalContext(print)) for job in jobs]
    )

    def train(params):
        folder = here / paths.model("small", "toy")
        folder.mkdir(parents=True)
        run.train("toy", params, here / "small", folder, resumable=False)
        return folder

    return train


def test_samples_are_a_file_of_the_models_folder(train):
    folder = train(with_samples(prefixes=["=a"], length=3, every=4))
    rows = samples.read(folder)
    assert [(row["seed"], row["fit"], row["epoch"]) for row in rows] == [("1", TRAIN, "4"), ("1", ALL_ROWS, "4")]
    assert {(row["prefix"], len(row["text"])) for row in rows} == {("=a", 3)}
    assert "'=a," in (folder / "samples.csv").read_text()  # no formula in a spreadsheet
    check(folder)  # the manifest lists it


def test_a_model_without_samples_has_no_such_file(train):
    folder = train(model_params(**STREAM))
    assert not (folder / "samples.csv").exists()
    assert samples.read(folder) == []


def test_a_damaged_file_is_refused(train):
    folder = train(with_samples(prefixes=["a"]))
    (folder / "samples.csv").write_text("seed,text\n1,a\n")
    with pytest.raises(NotTrainedError, match=r"samples.csv: other columns than seed, fit, epoch, prefix, text"):
        samples.read(folder)
