import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline import batches
from pipeline.examples import UNSCORED, Rows, Stream
from tests.small import model_settings


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


def rows(lengths, labels=None):
    """Make rows that hold their own number in every real place, and 999 in the padding."""
    lengths = np.array(lengths, dtype=np.int64)
    inputs = torch.arange(len(lengths)).unsqueeze(1).repeat(1, int(lengths.max()))
    inputs[torch.arange(inputs.shape[1]) >= torch.from_numpy(lengths).unsqueeze(1)] = 999
    return Rows(inputs, torch.arange(len(lengths)), lengths, None if labels is None else np.array(labels))


def text(length, context=1):
    """Make a text whose symbols are their own places."""
    return Stream(torch.arange(length, dtype=torch.int32), context)


def trained(examples, seed=1, **changes):
    return epoch(examples, model_settings(**changes), generator(seed))


def epoch(examples, settings, draws):
    return list(batches.training(examples, settings, draws))


def read(examples, **changes):
    return list(batches.reading(examples, model_settings(**changes)))


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=40), size=st.integers(1, 12))
def test_shuffled_rows_come_once_an_epoch_with_rows_of_like_length(lengths, size):
    found = trained(rows(lengths), batch=size)
    numbers = torch.cat([batch.targets for batch in found])
    assert sorted(numbers.tolist()) == list(range(len(lengths)))
    assert sorted(len(batch.targets) for batch in found)[1:] == [size] * (len(found) - 1)
    spans = sorted((batch.lengths.min().item(), batch.lengths.max().item()) for batch in found)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    for batch in found:
        assert batch.inputs.shape == (len(batch.targets), batch.lengths.max())
        real = torch.arange(batch.inputs.shape[1]) < batch.lengths.unsqueeze(1)
        assert (batch.inputs == torch.where(real, batch.targets.unsqueeze(1), 999)).all()


def test_shuffled_batches_come_in_no_order_of_length_and_change_with_the_epoch():
    draws = generator()
    examples = rows(list(range(1, 65)))
    epochs = [
        [batch.lengths.max().item() for batch in epoch(examples, model_settings(batch=4), draws)] for _ in range(2)
    ]
    assert epochs[0] != sorted(epochs[0])
    assert epochs[0] != epochs[1]
    assert sorted(epochs[0]) == sorted(epochs[1])


def test_rows_of_one_length_are_mixed():
    examples = Rows(torch.zeros(20, 3), torch.arange(20))
    order = torch.cat([batch.targets for batch in trained(examples)]).tolist()
    assert sorted(order) == list(range(20)) != order
    assert all(batch.lengths is None for batch in trained(examples))


def test_listed_rows_come_as_they_stand():
    found = trained(rows([3, 1, 2, 5, 4]), sampling="listed", batch=2)
    assert [batch.targets.tolist() for batch in found] == [[0, 1], [2, 3], [4]]
    assert [batch.inputs.shape[1] for batch in found] == [3, 5, 4]


def test_draws_are_fair_to_classes():
    labels = [0] * 900 + [1] * 90 + [2] * 10
    drawn = torch.cat([batch.targets for batch in trained(rows([1] * 1000, labels), sampling="draws")])
    assert len(drawn) == 1000
    shares = np.bincount(np.array(labels)[drawn.numpy()]) / 1000
    np.testing.assert_allclose(shares, 1 / 3, atol=0.06)  # four standard deviations


def test_draws_of_rows_without_classes_are_fair_to_rows():
    examples = Rows(torch.zeros(2000, 1), torch.arange(2000))
    drawn = torch.cat([batch.targets for batch in trained(examples, sampling="draws")])
    assert len(drawn) == 2000
    assert len(drawn.unique()) == pytest.approx(2000 * (1 - np.exp(-1)), abs=60)


def test_rows_are_read_once_in_their_order():
    examples = rows([1 + row % 4 for row in range(2500)])
    found = read(examples)
    assert torch.cat([batch.targets for batch in found]).tolist() == list(range(2500))
    assert [len(batch.targets) for batch in found] == [1024, 1024, 452]


@given(length=st.integers(6, 400), size=st.integers(1, 40), window=st.integers(1, 4), seed=st.integers(0, 99))
def test_lanes_follow_the_text(length, size, window, seed):
    found = trained(text(length), seed=seed, sampling="consecutive", batch=size, window=window)
    assert found
    assert [batch.fresh for batch in found] == [True] + [False] * (len(found) - 1)
    inputs = torch.cat([batch.inputs for batch in found], 1)  # (lanes, steps): the state goes along a row
    assert (inputs.diff(dim=1) == 1).all()
    assert (torch.cat([batch.targets for batch in found], 1) == inputs + 1).all()
    assert (inputs[1:, 0] == inputs[:-1, -1] + 1).all()  # a lane begins where the one before ends
    assert inputs.shape[0] == min(size, length - 1)
    assert all(batch.inputs.shape[1] == window for batch in found[:-1])
    assert inputs.dtype == torch.int64
    left_out = length - 1 - inputs.numel()
    assert left_out < window + size  # an offset below the window, and what does not fill a lane


def test_lanes_start_elsewhere_each_epoch():
    draws, settings = generator(), model_settings(sampling="consecutive", window=8)
    starts = {epoch(text(200), settings, draws)[0].inputs[0, 0].item() for _ in range(50)}
    assert len(starts) > 4
    assert max(starts) < 8


@given(length=st.integers(6, 400), size=st.integers(1, 40), window=st.integers(1, 4), seed=st.integers(0, 99))
def test_random_windows_cover_the_text_in_random_order(length, size, window, seed):
    found = trained(text(length), seed=seed, sampling="random", batch=size, window=window)
    assert all(batch.fresh for batch in found)
    inputs = torch.cat([batch.inputs for batch in found])
    assert inputs.shape[1] == window
    assert (torch.cat([batch.targets for batch in found]) == inputs + 1).all()
    places = inputs.flatten().sort().values
    assert (places.diff() == 1).all()  # each at most once, and without a gap
    assert length - 1 - len(places) < 2 * window


def test_random_windows_change_order_and_start_with_the_epoch():
    draws, settings = generator(), model_settings(sampling="random", window=5)
    firsts = [torch.cat([b.inputs[:, 0] for b in epoch(text(300), settings, draws)]) for _ in range(9)]
    assert all((first.diff() < 0).any() for first in firsts)
    assert len({first.min().item() for first in firsts}) > 2


@given(length=st.integers(1, 700), window=st.integers(1, 12))
def test_reading_predicts_every_symbol_after_the_context_once_in_order(length, window):
    context = window + 1
    found = read(text(context + length, context), window=window)
    assert [batch.fresh for batch in found] == [True] + [False] * (len(found) - 1)
    inputs, targets = (torch.cat([getattr(batch, name) for batch in found], 1) for name in ("inputs", "targets"))
    scored = targets != UNSCORED
    assert targets[scored].tolist() == list(range(context, context + length))
    assert (inputs[scored] == targets[scored] - 1).all()
    assert not scored[:, :window].any()  # each lane first reads `window` symbols
    assert (inputs[:, : window + 1].diff(dim=1) == 1)[scored.any(1)].all()
    assert len(inputs) <= batches.READ_LANES


def test_the_same_seed_gives_the_same_batches():
    examples = rows([1 + row % 5 for row in range(50)])
    one, same, other = (
        torch.cat([batch.targets for batch in trained(examples, seed=seed)]).tolist() for seed in (1, 1, 2)
    )
    assert one == same != other


@pytest.mark.parametrize("sampling", ["consecutive", "random", "shuffled"])
def test_the_rest_of_an_epoch_is_its_end(sampling):
    examples = rows([3] * 30) if sampling == "shuffled" else text(90)
    settings = model_settings(sampling=sampling, window=4, batch=5)
    whole = epoch(examples, settings, generator())
    again = batches.training(examples, settings, generator())
    assert len(again) == len(whole) > 3
    rest = list(again[2:])
    assert len(rest) == len(whole) - 2
    assert all(torch.equal(one.inputs, other.inputs) for one, other in zip(rest, whole[2:], strict=True))


def test_a_batch_that_cannot_be_cut_is_no_end_of_the_epoch():
    def cut(index):
        if index == 2:
            raise IndexError("out of range")
        return index

    with pytest.raises(IndexError):
        list(batches.Batches(range(4), cut))
