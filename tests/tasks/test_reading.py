"""What outputs depend on: earlier symbols alone, and the state that is carried from batch to batch."""

import pytest
import torch

from pipeline.evaluation.tasks import next_symbol
from pipeline.models.encoders import Shape
from pipeline.models.network import build_network
from pipeline.training import loop
from tests.support import small
from tests.support.small import model_params

CELLS = ("linear", "scratch", "rnn", "rnn-relu", "gru", "lstm")
NEXT = Shape(5, 5, every_step=True, logits=True)
STEP = 3  # of seven; whose output is compared


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_only_a_bidirectional_network_leaks_the_symbols_that_it_predicts(cell, bidirectional, layers):
    params = model_params(cell=cell, bidirectional=bidirectional, layers=layers)
    torch.manual_seed(1)
    model = build_network(params, NEXT).eval()
    text = torch.tensor([[0, 1, 2, 3, 4, 0, 1]])
    changed = text.clone()
    changed[0, STEP + 1] = 2  # the target at STEP
    before, after = (model(symbols)[0][0, : STEP + 1] for symbols in (text, changed))
    differ = not torch.equal(before, after)
    assert differ == bidirectional == next_symbol.TASK.leaks_target(params)


def build_trainer(sampling):
    params = model_params(sampling=sampling, sequence_length=5, input="embedding", embedding_size=3)
    return loop.Trainer(params, small.text("abcd" * 60, alphabet="abcd"), 1, "train", "toy")


def states_of_an_epoch(sampling):
    """Train for an epoch on a text; return the states before and after each batch."""
    trainer = build_trainer(sampling)
    before, after = [], []

    def keep(model, arguments, result):
        if model.training:
            before.append(arguments[2])
            after.append(result[1])

    trainer.model.register_forward_hook(keep)
    trainer.run_epoch(1)
    return before, after


def test_consecutive_batches_start_from_the_detached_state_after_the_one_before():
    before, after = states_of_an_epoch("consecutive")
    assert len(before) > 3
    assert before[0] is None  # the first of an epoch starts from zeros
    for state, previous in zip(before[1:], after, strict=False):
        for layer, previous_layer in zip(state, previous, strict=True):
            for part, previous_part in zip(layer, previous_layer, strict=True):
                assert torch.equal(part, previous_part)
                assert previous_part.requires_grad
                assert not part.requires_grad


def test_the_next_epoch_starts_from_zeros():
    trainer = build_trainer("consecutive")
    starts = []
    trainer.model.register_forward_pre_hook(lambda model, given: starts.append(given[2]) if model.training else None)
    trainer.run_epoch(1)
    steps = len(starts)
    trainer.run_epoch(2)
    assert starts[steps] is None
    assert sum(start is None for start in starts) == 2


def test_random_sequences_each_start_from_zeros():
    before, _ = states_of_an_epoch("random")
    assert len(before) > 3
    assert all(state is None for state in before)
