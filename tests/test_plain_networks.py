"""What benchmarks compare with computes the same as our networks, and is trained on the same rows."""

import shutil

import pytest
import torch

from benchmarks import epoch, published_loops
from benchmarks.loops import our_trainer
from benchmarks.plain_network import Network
from benchmarks.published_runs import PublishedLoop, build_trainer
from pipeline.params import load_params
from pipeline.tasks.batching import training_batches
from tests.support.project import REPOSITORY


@pytest.fixture(autouse=True)
def unprepared(here):
    """Work in a folder with params and raw files, and leave torch as it was."""
    shutil.copy(REPOSITORY / "params.yaml", here)
    shutil.copytree(REPOSITORY / "data/raw", here / "data/raw")
    yield
    torch.set_deterministic_debug_mode("default")


def copy_weights(source, target):
    for one, other in zip(source.parameters(), target.parameters(), strict=True):
        other.data.copy_(one.data)


@pytest.mark.parametrize("name", ["words-lstm", "binary-rnn", "names-linear", "names-lstm", "sales-lstm"])
def test_a_plain_network_computes_what_ours_does(name):
    trainer = our_trainer(*epoch.read_model(name), name)
    plain = Network(trainer.params, trainer.model.shape, trainer.model.trains_every_step).eval()
    copy_weights(trainer.model, plain)
    batch = training_batches(trainer.train, trainer.params, torch.Generator().manual_seed(1))[0]
    ours, _ = trainer.model.eval()(batch.inputs, batch.lengths)
    with torch.set_grad_enabled(False):
        torch.set_deterministic_debug_mode("default")
        torch.testing.assert_close(plain(batch.inputs, batch.lengths), ours.detach())


@pytest.mark.parametrize("name", ["binary", "names"])
def test_the_validation_loss_of_a_published_loop_is_that_of_our_loop(name):
    recipe = published_loops.RECIPES[name]
    params = load_params(REPOSITORY / "published/params.yaml").models[recipe.published]
    params = params.model_copy(update={"steps_per_epoch": 3} if name == "names" else {})
    trainer = build_trainer(recipe, params)
    ours = trainer.run_epoch(1).validation_loss
    loop = PublishedLoop(params, trainer)
    copy_weights(trainer.model, loop.network)
    assert loop.validation_loss() == pytest.approx(ours, rel=1e-4)


def test_a_published_loop_learns():
    recipe = published_loops.RECIPES["binary"]
    params = load_params(REPOSITORY / "published/params.yaml").models[recipe.published]
    trainer = build_trainer(recipe, params)
    torch.set_deterministic_debug_mode("default")
    torch.manual_seed(1)  # from other weights, no output of its ReLU may be above 0
    loop = PublishedLoop(params, trainer)
    before = loop.validation_loss()
    found = loop.train(recipe, limit=1.0)
    assert found["loss"] < before
    assert 0 < found["seconds"] <= loop.seconds
    assert found["whole"] > loop.seconds
