"""One epoch of a training, and how a training ends."""

import math
import re

import pytest
import torch
from torch.nn import functional

from pipeline.data import prepared as data
from pipeline.data.prepared import ALL_ROWS, TRAIN
from pipeline.execution import progress
from pipeline.execution.context import LocalContext
from pipeline.execution.progress import PartialProgress, Progress
from pipeline.models.network import count_parameters
from pipeline.tasks import batching
from pipeline.training import loop
from pipeline.training.run import EpochProgress, TrainingJob, run_job
from tests.support import small
from tests.support.small import model_params
from tests.training.conftest import evaluate

FROZEN = {"optimiser": "sgd", "learning_rate": 1e-30}  # a step that changes no weight


# One epoch


def epoch_loss(text, **changes):
    """Return the loss of an epoch that changes no weight, and its network and batches."""
    params = model_params(sequence_length=7, batch_size=5, **FROZEN, **changes)
    trainer = loop.Trainer(params, text, 1, "train", "toy")
    batches = batching.training_batches(trainer.train, params, torch.Generator().manual_seed(1))
    return trainer.run_epoch(1).train_loss, trainer.model, batches


def test_consecutive_batches_start_from_the_state_before(text):
    loss, model, batches = epoch_loss(text, sampling="consecutive")
    inputs, targets = (torch.cat([getattr(batch, name) for batch in batches], 1) for name in ("inputs", "targets"))
    outputs, _ = model(inputs)  # each stream as a whole
    assert loss == pytest.approx(functional.cross_entropy(outputs.flatten(0, 1), targets.flatten()).item(), rel=1e-6)
    alone, _ = model(batches[1].inputs)
    assert not torch.allclose(alone, outputs[:, 7:14])


def test_random_sequences_each_start_from_zeros(text):
    loss, model, batches = epoch_loss(text, sampling="random")
    inputs, targets = (torch.cat([getattr(batch, name) for batch in batches]) for name in ("inputs", "targets"))
    outputs, _ = model(inputs)
    assert loss == pytest.approx(functional.cross_entropy(outputs.flatten(0, 1), targets.flatten()).item(), rel=1e-6)


def test_the_state_between_steps_has_no_graph(text):
    params = model_params(sequence_length=7, sampling="consecutive", layers=2)
    trainer = loop.Trainer(params, text, 1, "train", "toy")
    state = None
    for batch in batching.training_batches(trainer.train, params, trainer.generator)[:3]:
        _, _, state = loop.train_step(trainer.task, trainer.model, trainer.optimiser, params, batch, state)
        parts = [part for layer in state for part in layer]
        assert len(parts) == 4
        assert all(part.grad_fn is None and not part.requires_grad for part in parts)


@pytest.mark.parametrize("max_norm", [0.5, 0.01])
def test_a_gradient_is_clipped_to_its_largest_norm(pairs, max_norm):
    params = model_params(input="values", optimiser="sgd", learning_rate=1.0, gradient_clip=max_norm)
    trainer = loop.Trainer(params, pairs, 1, "train", "toy")
    before = torch.cat([weight.detach().flatten() for weight in trainer.model.parameters()])
    batch = batching.training_batches(trainer.train, params, trainer.generator)[0]
    loop.train_step(trainer.task, trainer.model, trainer.optimiser, params, batch, None)
    after = torch.cat([weight.detach().flatten() for weight in trainer.model.parameters()])
    assert (after - before).norm().item() == pytest.approx(max_norm, rel=1e-4)


def test_the_history_has_the_learning_rate_of_each_epoch(pairs):
    params = model_params(
        input="values", epochs=3, learning_rate=0.1, schedule={"kind": "step", "every": 1, "factor": 0.5}
    )
    assert [epoch.learning_rate for epoch in loop.train_network(params, pairs, 1).history] == [0.1, 0.05, 0.025]


def test_every_epoch_is_reported(pairs):
    seen = []
    trained = loop.train_network(model_params(input="values"), pairs, 1, on_epoch=seen.append)
    assert tuple(report.epoch for report in seen) == trained.history
    assert [report.epoch.epoch for report in seen] == [1, 2]


# How a training ends


@pytest.mark.parametrize("fit", [TRAIN, ALL_ROWS])
def test_the_progress_has_losses_and_learning_rate(fit, pairs, here):
    data.write(pairs, here / "prepared")
    params, messages = model_params(input="values", learning_rate=0.005), []
    job = TrainingJob("toy", params, here / "prepared", 1, fit, checkpoint=None)
    epochs = run_job(job, LocalContext(messages.append))[0].epochs
    validation = [f", validation {epoch.validation_loss:.4f}" if fit == TRAIN else "" for epoch in epochs]
    assert [message for message in messages if isinstance(message, Progress)] == [
        EpochProgress(epoch.epoch, f"loss {epoch.train_loss:.4f}{shown}, learning rate 0.005", epoch)
        for epoch, shown in zip(epochs, validation, strict=True)
    ]


def test_the_progress_of_labelled_texts_ends_with_a_row_its_guess_and_whether_that_is_right(names, here):
    data.write(names, here / "prepared")
    messages = []
    params = model_params(sampling="drawn", steps_per_epoch=9, batch_size=1, epochs=12)
    run_job(TrainingJob("toy", params, here / "prepared", 1, TRAIN, checkpoint=None), LocalContext(messages.append))
    ends = [re.search(r", (\w+) / (\w) (✓|✗ \((\w)\))$", message.details) for message in messages]
    for text, guess, mark, truth in (end.groups() for end in ends):
        assert (mark == "✓") == (guess == text[0])  # whose class is its first letter
        assert truth in (None, text[0])
    assert len({end[1] for end in ends}) > 5


@pytest.mark.parametrize("changes", [{"batch_size": 7}, {"sampling": "balanced", "bidirectional": True}])
def test_the_row_is_the_last_of_the_epoch_read_without_dropout(names, changes):
    params = model_params(output_dropout=0.5, epochs=1, **changes)
    trainer = loop.Trainer(params, names, 1, TRAIN, "toy")
    last = batching.training_batches(trainer.train, params, torch.Generator().manual_seed(1))[-1]
    trainer.record(trainer.run_epoch(1))
    generator = torch.get_rng_state()
    guess = trainer.report().guess
    symbols = last.inputs[-1] if last.lengths is None else last.inputs[-1, : last.lengths[-1]]
    assert guess.startswith(f"{names.vocabulary.decode(symbols.tolist())} / ")
    outputs, _ = trainer.model.eval()(symbols.unsqueeze(0))
    assert guess.split()[2] == names.classes[outputs.argmax()]
    assert torch.equal(torch.get_rng_state(), generator)


def test_a_window_is_shown_with_the_class_of_the_symbol_after_it():
    prepared = small.windows("babeboubo" * 30)
    params = model_params(supervision="every-step", epochs=1)
    trainer = loop.Trainer(params, prepared, 1, TRAIN, "toy")
    trainer.record(trainer.run_epoch(1))
    text = "babeboubo" * 3
    shown, _, guess, mark, *truth = trainer.report().guess.split()
    following = text[text.index(shown) + len(shown)]
    wanted = "consonant" if following == "b" else "vowel"
    assert (guess, mark) == (wanted, "✓") or truth == [f"({wanted})"]


@pytest.mark.parametrize("name", ["text", "pairs"])
def test_data_without_labelled_texts_have_no_guess(name, request):
    params = model_params(
        epochs=1, **{"text": {"sampling": "random", "sequence_length": 5}, "pairs": {"input": "values"}}[name]
    )
    trainer = loop.Trainer(params, request.getfixturevalue(name), 1, TRAIN, "toy")
    trainer.record(trainer.run_epoch(1))
    assert trainer.report().guess == ""


def test_a_long_epoch_shows_how_far_it_is(pairs, here, monkeypatch):
    data.write(pairs, here / "prepared")
    params, messages = model_params(input="values", batch_size=4, epochs=2), []
    job = TrainingJob("toy", params, here / "prepared", 1, TRAIN, checkpoint=None)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_REPORTS", 0.0)
    run_job(job, LocalContext(messages.append))
    batches = sum(isinstance(message, PartialProgress) for message in messages) // 2
    assert batches > 1
    assert messages[:batches] == [PartialProgress(1, batch + 1, batches) for batch in range(batches)]
    assert [type(message) for message in messages[batches : batches + 2]] == [EpochProgress, PartialProgress]


def test_a_training_with_far_too_high_a_learning_rate_diverges(pairs):
    params = model_params(input="values", optimiser="sgd", learning_rate=1e25, epochs=50)
    trained = loop.train_network(params, pairs, 1)
    assert trained.status == f"diverged at epoch {len(trained.history)}"
    assert len(trained.history) < 10
    last = trained.history[-1]
    assert not (math.isfinite(last.train_loss) and math.isfinite(last.validation_loss))
    assert (trained.best_epoch, dict(trained.weights)) == (0, {})


DEAD = {"input": "values", "head": "linear-relu", "optimiser": "sgd", "learning_rate": 0.5}  # its ReLU gives zeros
ABSURD = {"cell": "rnn", "learning_rate": 10.0}


@pytest.mark.parametrize(
    ("dataset", "changes", "fit", "constant"),
    [
        ("pairs", DEAD, TRAIN, 26.1),
        ("pairs", DEAD, ALL_ROWS, 26.2),  # the variance of a + 2b
        ("names", ABSURD, TRAIN, 1.1),  # of three classes
    ],
)
def test_a_network_that_is_worse_than_a_constant_did_not_learn(dataset, changes, fit, constant, request):
    trained = loop.train_network(model_params(**changes), request.getfixturevalue(dataset), 1, fit)
    found = re.fullmatch("did not learn: loss (.+), where a constant reaches (.+)", trained.status)
    assert float(found[2]) == constant < float(found[1])
    assert trained.best_epoch
    assert trained.weights  # to be evaluated


@pytest.mark.parametrize(("learning_rate", "status"), [(0.1, "finished"), (1e-6, "did not learn")])
def test_a_network_learns_the_only_target_there_is(learning_rate, status):
    one = small.pairs("1 2,3\n", validation=0.0, test=0.0, refit=True)
    params = model_params(input="values", scaling="standard", learning_rate=learning_rate, epochs=60)
    assert loop.train_network(params, one, 1, ALL_ROWS).status.startswith(status)


def test_a_refit_whose_last_step_leaves_weights_that_are_not_finite_diverges():
    large = small.pairs("".join(f"{n} 1,{n}e12\n" for n in range(1, 20)), refit=True)
    params = model_params(input="values", optimiser="sgd", learning_rate=1e30, epochs=1, batch_size=100)
    trained = loop.train_network(params, large, 1, ALL_ROWS)
    assert math.isfinite(trained.history[-1].train_loss)
    assert (trained.status, trained.best_epoch, dict(trained.weights)) == ("diverged at epoch 1", 0, {})


def test_patience_ends_a_training_and_the_best_epoch_is_kept(noise):
    params = model_params(hidden_size=32, epochs=60, learning_rate=0.03, batch_size=8, patience=5)
    trained = loop.train_network(params, noise, 1)
    losses = [epoch.validation_loss for epoch in trained.history]
    assert len(losses) == trained.best_epoch + 5 < 60
    assert trained.best_epoch == 1 + losses.index(min(losses))
    assert trained.status == "finished"
    assert evaluate(trained, params, noise, "validation")["loss"] == pytest.approx(min(losses), rel=1e-5)


def test_without_patience_all_epochs_are_run_and_the_best_is_kept(noise):
    params = model_params(hidden_size=32, epochs=25, learning_rate=0.03, batch_size=8)
    trained = loop.train_network(params, noise, 1)
    losses = [epoch.validation_loss for epoch in trained.history]
    assert len(losses) == 25
    assert trained.best_epoch == 1 + losses.index(min(losses)) < 25


def test_parameters_are_those_of_the_network(names):
    params = model_params(epochs=1)
    assert loop.train_network(params, names, 1).parameters == count_parameters(small.network(params, names))
