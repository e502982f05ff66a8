import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pipeline import batches, device, models, settings, training
from pipeline.datasets.prepared import Prepared
from pipeline.history import REFIT
from pipeline.scores import scores
from pipeline.tasks import TASKS, reading
from tests import small
from tests.small import REPOSITORY, model_settings

FROZEN = {"optimiser": "sgd", "rate": 1e-30}  # a step that changes nothing
PARAMS = settings.load(REPOSITORY / "params.yaml")


@pytest.fixture(scope="module")
def text():
    return small.text("aabb" * 250, alphabet="ab")  # one symbol back does not tell the next, two do


@pytest.fixture(scope="module")
def names():
    """Make names whose class is their first letter, whatever follows."""
    draws = np.random.default_rng(1)
    rest = ["".join(draws.choice(list("xyz"), size)) for size in draws.integers(1, 7, 400)]
    return small.labelled("".join(dict.fromkeys(f"{'abc'[n % 3]}{end},{'abc'[n % 3]}\n" for n, end in enumerate(rest))))


@pytest.fixture(scope="module")
def pairs():
    return small.pairs("".join(f"{a} {b},{a + 2 * b}\n" for a in range(8) for b in range(8)), refit=True)


def same(one, other):
    return list(one) == list(other) and all(one[name].tobytes() == other[name].tobytes() for name in one)


def judged(fitted, block, prepared, split="test"):
    """Return the metrics of a trained network on a split."""
    task = TASKS[prepared.card.task]
    model = small.network(block, prepared)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in fitted.weights.items()})
    history = prepared.splits["train"]
    examples = task.examples(prepared.splits[split], history, block, torch.device("cpu"))
    return scores(task.predict(model, examples, block), prepared.card)


# The same seed, the same bytes


@pytest.mark.parametrize("changes", [{}, {"sampling": "draws"}, {"layers": 2, "dropout": 0.3, "direction": "both"}])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(names, changes):
    block = model_settings(input="one-hot", batch=64, epochs=2, **changes)
    one, two, other = (training.fit(block, names, seed) for seed in (1, 1, 2))
    assert same(one.weights, two.weights)
    assert one.history == two.history
    assert not same(one.weights, other.weights)


def test_a_seed_decides_where_training_starts_and_in_which_order_it_goes(names):
    weights, orders = [], []
    for seed in (1, 2):
        trainer = training.Trainer(model_settings(), names, seed, "held-out", "toy")
        weights.append(trainer.weights())
        portions = batches.training(trainer.train, trainer.settings, trainer.generator)
        orders.append([batch.inputs.tolist() for batch in portions])
    assert not same(*weights)
    assert orders[0] != orders[1]


def test_a_fit_does_not_depend_on_what_was_drawn_before(names):
    block = model_settings(batch=64, epochs=1)
    one = training.fit(block, names, 1)
    torch.rand(7)
    assert same(one.weights, training.fit(block, names, 1).weights)


# Nothing leaks


def without(prepared, split):
    """Return a data set whose rows of a split are all alike."""
    blank = {name: np.broadcast_to(array[:1], array.shape) for name, array in prepared.splits[split].items()}
    return Prepared(prepared.card, prepared.codec, prepared.classes, {**prepared.splits, split: blank})


@pytest.mark.parametrize("data", ["names", "text", "pairs"])
def test_test_rows_change_nothing(request, data):
    prepared = request.getfixturevalue(data)
    changes = {
        "names": {},
        "text": {"window": 8, "sampling": "random"},
        "pairs": {"input": "values", "scaling": "standard"},
    }
    block = model_settings(batch=32, **changes[data])
    one, other = training.fit(block, prepared, 1), training.fit(block, without(prepared, "test"), 1)
    assert same(one.weights, other.weights)
    assert one.history == other.history


def test_validation_rows_only_choose_the_epoch(names):
    block = model_settings(batch=32)
    one, other = training.fit(block, names, 1), training.fit(block, without(names, "validation"), 1)
    assert [epoch.train_loss for epoch in one.history] == [epoch.train_loss for epoch in other.history]
    assert [epoch.validation_loss for epoch in one.history] != [epoch.validation_loss for epoch in other.history]


def test_a_refit_is_trained_on_all_rows(pairs):
    block = model_settings(input="values")
    trainer = training.Trainer(block, pairs, 1, REFIT, "toy")
    assert sorted(trainer.train.targets.tolist()) == sorted(a + 2 * b for a in range(8) for b in range(8))
    fitted = training.fit(block, pairs, 1, REFIT)
    assert fitted.best_epoch == 2  # its last
    assert [epoch.validation_loss for epoch in fitted.history] == [None, None]


# One epoch


def epoch_losses(text, **changes):
    """Return the loss of an epoch that changes nothing, and the network and batches that gave it."""
    block = model_settings(window=7, batch=5, **FROZEN, **changes)
    trainer = training.Trainer(block, text, 1, "held-out", "toy")
    portions = batches.training(trainer.train, block, torch.Generator().manual_seed(1))
    return trainer.run_epoch(1).train_loss, trainer.model, portions


def test_consecutive_windows_go_on_from_the_state_before(text):
    loss, model, portions = epoch_losses(text, sampling="consecutive")
    inputs, targets = (torch.cat([getattr(batch, name) for batch in portions], 1) for name in ("inputs", "targets"))
    outputs, _ = model(inputs)  # each lane in one piece
    assert loss == pytest.approx(functional.cross_entropy(outputs.flatten(0, 1), targets.flatten()).item(), rel=1e-6)
    apart, _ = model(portions[1].inputs)
    assert not torch.allclose(apart, outputs[:, 7:14])


def test_random_windows_each_start_anew(text):
    loss, model, portions = epoch_losses(text, sampling="random")
    inputs, targets = (torch.cat([getattr(batch, name) for batch in portions]) for name in ("inputs", "targets"))
    outputs, _ = model(inputs)
    assert loss == pytest.approx(functional.cross_entropy(outputs.flatten(0, 1), targets.flatten()).item(), rel=1e-6)


def test_the_state_between_steps_holds_no_history(text):
    block = model_settings(window=7, sampling="consecutive", layers=2)
    trainer = training.Trainer(block, text, 1, "held-out", "toy")
    state = None
    for batch in batches.training(trainer.train, block, trainer.generator)[:3]:
        _, _, state = training.step(trainer.task, trainer.model, trainer.optimiser, block, batch, state)
        parts = [part for layer in state for part in layer]
        assert len(parts) == 4
        assert all(part.grad_fn is None and not part.requires_grad for part in parts)


@pytest.mark.parametrize("clip", [0.5, 0.01])
def test_a_gradient_is_clipped_to_its_largest_norm(pairs, clip):
    block = model_settings(input="values", optimiser="sgd", rate=1.0, clip=clip)
    trainer = training.Trainer(block, pairs, 1, "held-out", "toy")
    before = torch.cat([weight.detach().flatten() for weight in trainer.model.parameters()])
    batch = batches.training(trainer.train, block, trainer.generator)[0]
    training.step(trainer.task, trainer.model, trainer.optimiser, block, batch, None)
    after = torch.cat([weight.detach().flatten() for weight in trainer.model.parameters()])
    assert (after - before).norm().item() == pytest.approx(clip, rel=1e-4)


def test_the_history_tells_the_rate_of_each_epoch(pairs):
    block = model_settings(input="values", epochs=3, rate=0.1, schedule={"kind": "step", "every": 1, "factor": 0.5})
    assert [epoch.rate for epoch in training.fit(block, pairs, 1).history] == [0.1, 0.05, 0.025]


def test_every_epoch_is_watched(pairs):
    seen = []
    fitted = training.fit(model_settings(input="values"), pairs, 1, watch=seen.append)
    assert tuple(seen) == fitted.history
    assert [epoch.epoch for epoch in seen] == [1, 2]


# How a training ends


def test_a_rate_that_is_far_too_high_diverges(pairs):
    block = model_settings(input="values", optimiser="sgd", rate=1e25, epochs=50)
    fitted = training.fit(block, pairs, 1)
    assert fitted.status == f"diverged at epoch {len(fitted.history)}"
    assert len(fitted.history) < 10
    last = fitted.history[-1]
    assert not (math.isfinite(last.train_loss) and math.isfinite(last.validation_loss))
    assert (fitted.best_epoch, dict(fitted.weights)) == (0, {})


@pytest.fixture(scope="module")
def noise():
    """Make labels that nothing tells, so that learning the training rows by heart makes the others worse."""
    draws = np.random.default_rng(1)
    rows = dict.fromkeys("".join(draws.choice(list("abcd"), 6)) for _ in range(60))
    return small.labelled("".join(f"{row},{draws.choice(['p', 'q'])}\n" for row in rows))


def test_patience_stops_and_the_best_epoch_is_kept(noise):
    block = model_settings(hidden=32, epochs=60, rate=0.03, batch=8, patience=5)
    fitted = training.fit(block, noise, 1)
    losses = [epoch.validation_loss for epoch in fitted.history]
    assert len(losses) == fitted.best_epoch + 5 < 60
    assert fitted.best_epoch == 1 + losses.index(min(losses))
    assert fitted.status == "finished"
    assert judged(fitted, block, noise, "validation")["loss"] == pytest.approx(min(losses), rel=1e-5)


def test_without_patience_all_epochs_are_run_and_the_best_is_kept(noise):
    block = model_settings(hidden=32, epochs=25, rate=0.03, batch=8)
    fitted = training.fit(block, noise, 1)
    losses = [epoch.validation_loss for epoch in fitted.history]
    assert len(losses) == 25
    assert fitted.best_epoch == 1 + losses.index(min(losses)) < 25


# What a network learns


@pytest.mark.parametrize("sampling", ["consecutive", "random"])
def test_a_text_is_learned(text, sampling):
    block = model_settings(window=16, sampling=sampling, hidden=16, rate=0.03, epochs=12, batch=8)
    found = judged(training.fit(block, text, 1), block, text)
    assert found["accuracy"] > 0.99
    assert found["perplexity"] < 1.1


def test_the_first_letter_is_remembered_to_the_end(names):
    block = model_settings(hidden=16, rate=0.03, epochs=12, batch=16)
    assert judged(training.fit(block, names, 1), block, names)["accuracy"] > 0.95  # chance: 0.33


def test_a_sum_is_learned(pairs):
    block = model_settings(input="values", scaling="standard", hidden=16, rate=0.02, epochs=60, batch=8)
    assert judged(training.fit(block, pairs, 1), block, pairs)["mae"] < 1  # always the mean: about 4


@pytest.mark.parametrize("kind", ["values", "flat"])
def test_a_series_that_repeats_is_forecast(kind):
    prepared = small.series([day % 5 * 10 + day % 2 for day in range(200)], season=2)
    block = model_settings(input=kind, window=10, scaling="standard", hidden=16, rate=0.02, epochs=25, batch=8)
    assert judged(training.fit(block, prepared, 1), block, prepared)["mase"] < 0.2


# Any device


@pytest.fixture(scope="module")
def stubs():
    """Prepare each data set of params.yaml from a small invented file."""
    return {name: small.stub(name, block) for name, block in PARAMS.datasets.items()}


class OneDevice(TorchDispatchMode):
    """Refuse every operation on tensors of two devices, as a GPU does; torch's `meta` alone lets some pass."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor) and leaf.dim()]
        if len({tensor.device for tensor in tensors}) > 1:
            raise RuntimeError(f"{operation} on two devices")
        return operation(*args, **kwargs or {})


@pytest.fixture
def elsewhere(monkeypatch):
    """Train on a device that is not the CPU, and that every machine has; it holds no numbers."""
    monkeypatch.setattr(device, "choose", lambda: torch.device("meta"))


def stepped(trainer, batch, state):
    with OneDevice():
        return training.step(trainer.task, trainer.model, trainer.optimiser, trainer.settings, batch, state)


@pytest.mark.parametrize("name", PARAMS.models)
def test_every_model_of_params_trains_wholly_on_one_device(name, stubs, elsewhere):
    block = PARAMS.models[name]
    trainer = training.Trainer(block, stubs[block.dataset], 1, REFIT, name)
    state = None
    for batch in batches.training(trainer.train, block, trainer.generator)[:2]:
        summed, scored, state = stepped(trainer, batch, state)
    with OneDevice():
        for batch, outputs in reading.outputs(trainer.model, trainer.train, block):
            trainer.task.loss(trainer.model, outputs, batch)
    tensors = [summed, scored, *trainer.model.parameters(), *(part for layer in state for part in layer)]
    assert all(tensor.is_meta for tensor in tensors)


@pytest.mark.parametrize("left", ["inputs", "targets", "lengths", "state"])
@pytest.mark.parametrize("kind", ["one-hot", "embedding"])
def test_a_tensor_left_on_the_cpu_would_be_noticed(names, elsewhere, left, kind):
    block = model_settings(input=kind, embedding=4 if kind == "embedding" else None, direction="both")
    trainer = training.Trainer(block, names, 1, "held-out", "toy")
    batch = batches.training(trainer.train, block, trainer.generator)[0]
    _, _, state = stepped(trainer, batch, None)
    if left == "state":
        batch = replace(batch, fresh=False)
        state = tuple(tuple(torch.ones(part.shape) for part in layer) for layer in state)
    else:
        tensor = getattr(batch, left)
        batch = replace(batch, **{left: torch.ones(tensor.shape, dtype=tensor.dtype)})
    with pytest.raises(RuntimeError, match="device"):
        stepped(trainer, batch, state)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_learns_and_repeats_itself(names):
    block = model_settings(hidden=16, rate=0.03, epochs=12, batch=16)
    one, two = (training.fit(block, names, 1) for _ in range(2))
    assert same(one.weights, two.weights)
    assert judged(one, block, names)["accuracy"] > 0.95


def test_parameters_are_those_of_the_network(names):
    block = model_settings(epochs=1)
    assert training.fit(block, names, 1).parameters == models.parameters(small.network(block, names))


# Supervision


def test_a_class_after_every_symbol_teaches_more_than_one_a_window():
    prepared = small.windows("abbeobbbuab" * 300, width=12, stride=23)
    blocks = [
        model_settings(supervision=kind, input="one-hot", batch=8, epochs=10, rate=0.02)
        for kind in ("task", "every-step")
    ]
    once, each_step = (judged(training.fit(block, prepared, 1), block, prepared) for block in blocks)
    assert each_step["loss"] < 0.5 * once["loss"]
    assert each_step["accuracy"] > 0.9
