"""What a network has seen when it answers: the past alone, and the state that is carried from batch to batch."""

import pytest
import torch

from pipeline import models, training
from pipeline.models import Shape
from pipeline.settings.fitting import reads_its_target
from tests import small
from tests.small import model_settings

CELLS = ("linear", "scratch", "rnn", "gru", "lstm")
NEXT = Shape(5, 5, every_step=True)
STEP = 3  # of the seven whose answer is watched


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("direction", ["forward", "both"])
@pytest.mark.parametrize("cell", CELLS)
def test_only_a_network_that_reads_backward_has_seen_the_symbols_that_it_predicts(cell, direction, layers):
    settings = model_settings(cell=cell, direction=direction, layers=layers)
    torch.manual_seed(1)
    model = models.build(settings, NEXT).eval()
    text = torch.tensor([[0, 1, 2, 3, 4, 0, 1]])
    changed = text.clone()
    changed[0, STEP + 1] = 2  # the symbol that is asked for at STEP
    before, after = (model(symbols)[0][0, : STEP + 1] for symbols in (text, changed))
    moved = not torch.equal(before, after)
    assert moved == (direction == "both") == reads_its_target(settings, "next-symbol")


def watched(sampling, window=5, batch=4):
    """Train for an epoch on a text; return for each batch the state that it began from and whether it was fresh."""
    block = model_settings(sampling=sampling, window=window, batch=batch, input="embedding", embedding=3)
    trainer = training.Trainer(block, small.text("abcd" * 60, alphabet="abcd"), 1, "held-out", "toy")
    seen, ends = [], []

    def keep(model, given, answer):
        if model.training:
            seen.append(given[2])
            ends.append(answer[1])

    trainer.model.register_forward_hook(keep)
    trainer.run_epoch(1)
    return seen, ends


def test_consecutive_batches_go_on_from_the_state_of_the_one_before_which_is_detached():
    seen, ends = watched("consecutive")
    assert len(seen) > 3
    assert seen[0] is None  # the first of an epoch starts anew
    for given, before in zip(seen[1:], ends, strict=False):
        for layer, end in zip(given, before, strict=True):
            for part, last in zip(layer, end, strict=True):
                assert torch.equal(part, last)
                assert last.requires_grad
                assert not part.requires_grad


def test_the_next_epoch_starts_anew():
    block = model_settings(sampling="consecutive", window=5, input="embedding", embedding=3)
    trainer = training.Trainer(block, small.text("abcd" * 60, alphabet="abcd"), 1, "held-out", "toy")
    starts = []
    trainer.model.register_forward_pre_hook(lambda model, given: starts.append(given[2]) if model.training else None)
    trainer.run_epoch(1)
    steps = len(starts)
    trainer.run_epoch(2)
    assert starts[steps] is None
    assert sum(start is None for start in starts) == 2


def test_random_windows_each_start_anew():
    seen, _ = watched("random")
    assert len(seen) > 3
    assert all(state is None for state in seen)
