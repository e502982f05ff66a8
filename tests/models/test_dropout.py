import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.dropout import Dropout


def drop_ones(share, *shape, seed=0):
    """Return the outputs for ones, and the ones."""
    torch.manual_seed(seed)
    inputs = torch.ones(shape, requires_grad=True)
    return Dropout(share).train()(inputs), inputs


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.9])
def test_a_share_is_dropped_and_the_mean_kept(share):
    outputs, _ = drop_ones(share, 1000, 1000)
    assert (outputs == 0).double().mean().item() == pytest.approx(share, abs=0.002)
    assert outputs.double().mean().item() == pytest.approx(1, abs=0.01)
    assert outputs.unique().numel() == 2


def test_elements_are_dropped_independently():
    dropped = (drop_ones(0.5, 100_000)[0] == 0).double() - 0.5
    for distance in (1, 2, 3, 4, 5, 8):  # elements that share a draw, and others
        assert (dropped[distance:] * dropped[:-distance]).mean().abs() < 0.005


@given(st.floats(0, 1, exclude_max=True), st.lists(st.integers(0, 5), min_size=1, max_size=3))
def test_any_share_and_shape_gives_zeros_or_one_finite_value(share, shape):
    outputs, _ = drop_ones(share, *shape)
    assert outputs.shape == torch.Size(shape)
    assert outputs.isfinite().all()
    assert outputs[outputs != 0].unique().numel() <= 1


def test_gradients_pass_through_the_same_mask():
    outputs, inputs = drop_ones(0.3, 7, 11)
    outputs.sum().backward()
    assert torch.equal(inputs.grad, outputs.detach())


def test_a_seed_gives_one_mask_and_the_next_call_another():
    first, again = drop_ones(0.5, 9, 9)[0], drop_ones(0.5, 9, 9)[0]
    assert torch.equal(first, again)
    assert not torch.equal(first, Dropout(0.5).train()(torch.ones(9, 9)))


def test_in_evaluation_or_with_a_share_of_0_nothing_is_drawn_or_changed():
    inputs = torch.randn(5, 5)
    before = torch.get_rng_state()
    assert Dropout(0.5).eval()(inputs) is inputs
    assert torch.equal(Dropout(0.0).train()(inputs), inputs)
    assert torch.equal(torch.get_rng_state(), before)
