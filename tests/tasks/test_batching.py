import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tasks import batching
from pipeline.tasks.examples import UNSCORED, Rows, Stream
from tests.support.small import model_params


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


def rows(lengths, labels=None):
    """Return rows whose symbols are all the row's number, and 999 in the padding."""
    lengths = np.array(lengths, dtype=np.int64)
    inputs = torch.arange(len(lengths)).unsqueeze(1).repeat(1, int(lengths.max()))
    inputs[torch.arange(inputs.shape[1]) >= torch.from_numpy(lengths).unsqueeze(1)] = 999
    return Rows(inputs, torch.arange(len(lengths)), lengths, None if labels is None else np.array(labels))


def text(length, context=1):
    """Return a text whose symbols are their own positions."""
    return Stream(torch.arange(length, dtype=torch.int32), context)


def row_lengths(batch):
    return [batch.inputs.shape[1]] * len(batch.inputs) if batch.lengths is None else batch.lengths.tolist()


def train(examples, seed=1, **changes):
    return epoch(examples, model_params(**changes), generator(seed))


def epoch(examples, params, draws):
    return list(batching.training_batches(examples, params, draws))


def read(examples, **changes):
    return list(batching.reading_batches(examples, model_params(**changes)))


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=40), size=st.integers(1, 12))
def test_shuffled_rows_come_once_in_an_epoch_with_rows_of_similar_length(lengths, size):
    found = train(rows(lengths), batch_size=size)
    numbers = torch.cat([batch.targets for batch in found])
    assert sorted(numbers.tolist()) == list(range(len(lengths)))
    assert sorted(len(batch.targets) for batch in found)[1:] == [size] * (len(found) - 1)
    of_batches = [torch.tensor(lengths)[batch.targets] for batch in found]
    ranges = sorted((part.min().item(), part.max().item()) for part in of_batches)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(ranges))
    for batch, part in zip(found, of_batches, strict=True):
        assert batch.inputs.shape == (len(batch.targets), part.max())
        assert batch.lengths is None if len(part) == 1 else batch.lengths.equal(part)
        real = torch.arange(batch.inputs.shape[1]) < part.unsqueeze(1)
        assert (batch.inputs == torch.where(real, batch.targets.unsqueeze(1), 999)).all()


def test_shuffled_batches_are_not_ordered_by_length_and_change_with_the_epoch():
    draws = generator()
    examples = rows(list(range(1, 65)))
    epochs = [
        [batch.lengths.max().item() for batch in epoch(examples, model_params(batch_size=4), draws)] for _ in range(2)
    ]
    assert epochs[0] != sorted(epochs[0])
    assert epochs[0] != epochs[1]
    assert sorted(epochs[0]) == sorted(epochs[1])


@pytest.mark.parametrize("labels", [None, [0, 1, 0]])
def test_a_batch_of_one_row_is_the_row_without_its_padding(labels):
    examples = rows([2, 3, 1], labels)
    found = train(examples, sampling="sequential", batch_size=1)
    assert [batch.inputs.tolist() for batch in found] == [[[0, 0]], [[1, 1, 1]], [[2]]]
    assert [batch.targets.tolist() for batch in found] == [[0], [1], [2]]
    assert all(batch.lengths is None for batch in found)  # nothing is padded


def test_a_batch_of_one_row_has_as_many_targets_as_inputs():
    examples = Rows(torch.tensor([[1, 2, 0], [3, 4, 5]]), torch.tensor([[2, 9, UNSCORED], [4, 5, 9]]), np.array([2, 3]))
    found = train(examples, sampling="sequential", batch_size=1)
    assert [batch.targets.tolist() for batch in found] == [[[2, 9]], [[4, 5, 9]]]


def test_rows_of_one_length_are_shuffled():
    examples = Rows(torch.zeros(20, 3), torch.arange(20))
    order = torch.cat([batch.targets for batch in train(examples)]).tolist()
    assert sorted(order) == list(range(20)) != order
    assert all(batch.lengths is None for batch in train(examples))


def test_sequential_rows_keep_the_order_of_the_file():
    found = train(rows([3, 1, 2, 5, 4]), sampling="sequential", batch_size=2)
    assert [batch.targets.tolist() for batch in found] == [[0, 1], [2, 3], [4]]
    assert [batch.inputs.shape[1] for batch in found] == [3, 5, 4]


def test_balanced_sampling_draws_each_class_equally_often():
    labels = [0] * 900 + [1] * 90 + [2] * 10
    drawn = torch.cat([batch.targets for batch in train(rows([1] * 1000, labels), sampling="balanced")])
    assert len(drawn) == 1000
    shares = np.bincount(np.array(labels)[drawn.numpy()]) / 1000
    np.testing.assert_allclose(shares, 1 / 3, atol=0.06)  # four standard deviations


def test_balanced_sampling_of_rows_without_classes_draws_each_row_equally_often():
    examples = Rows(torch.zeros(2000, 1), torch.arange(2000))
    drawn = torch.cat([batch.targets for batch in train(examples, sampling="balanced")])
    assert len(drawn) == 2000
    assert len(drawn.unique()) == pytest.approx(2000 * (1 - np.exp(-1)), abs=60)


@pytest.mark.parametrize(("steps", "size"), [(7, 1), (3, 40)])
@pytest.mark.parametrize("sampling", ["balanced", "drawn"])
def test_an_epoch_has_as_many_steps_of_drawn_rows_as_params_say(sampling, steps, size):
    examples = rows([1 + row % 5 for row in range(20)], labels=[row % 2 for row in range(20)])
    found = train(examples, sampling=sampling, steps_per_epoch=steps, batch_size=size)
    assert [len(batch.targets) for batch in found] == [size] * steps
    assert all(row_lengths(batch) == [1 + row % 5 for row in batch.targets.tolist()] for batch in found)


def test_each_row_is_drawn_as_often_as_any_other_whatever_its_class():
    labels = [0] * 90 + [1] * 10
    examples = rows([1] * 100, labels)
    drawn = torch.cat([batch.targets for batch in train(examples, sampling="drawn", steps_per_epoch=2500)])
    counts = np.bincount(drawn.numpy(), minlength=100)
    assert counts.sum() == 10_000
    assert 50 < counts.min() <= counts.max() < 150  # five standard deviations
    assert np.bincount(np.array(labels)[drawn.numpy()])[1] == pytest.approx(1000, abs=150)


def test_an_epoch_of_drawn_rows_has_one_draw_for_each_row_unless_params_say_otherwise():
    drawn = torch.cat([batch.targets for batch in train(rows([1] * 50), sampling="drawn")])
    assert len(drawn) == 50
    assert len(drawn.unique()) < 50


def test_rows_are_read_once_in_order():
    examples = rows([1 + row % 4 for row in range(2500)])
    found = read(examples)
    assert torch.cat([batch.targets for batch in found]).tolist() == list(range(2500))
    assert [len(batch.targets) for batch in found] == [1024, 1024, 452]


@given(length=st.integers(6, 400), size=st.integers(1, 40), steps=st.integers(1, 4), seed=st.integers(0, 99))
def test_consecutive_streams_follow_the_text(length, size, steps, seed):
    found = train(text(length), seed=seed, sampling="consecutive", batch_size=size, sequence_length=steps)
    assert found
    assert [batch.reset_state for batch in found] == [True] + [False] * (len(found) - 1)
    inputs = torch.cat([batch.inputs for batch in found], 1)  # (streams, steps): the state is carried along a row
    assert (inputs.diff(dim=1) == 1).all()
    assert (torch.cat([batch.targets for batch in found], 1) == inputs + 1).all()
    assert (inputs[1:, 0] == inputs[:-1, -1] + 1).all()  # a stream begins where the one before ends
    assert inputs.shape[0] == min(size, length - 1)
    assert all(batch.inputs.shape[1] == steps for batch in found[:-1])
    assert inputs.dtype == torch.int64
    left_out = length - 1 - inputs.numel()
    assert left_out < steps + size  # an offset below the sequence length, and what does not fill all streams


def test_consecutive_streams_start_at_another_offset_in_each_epoch():
    draws, params = generator(), model_params(sampling="consecutive", sequence_length=8)
    starts = {epoch(text(200), params, draws)[0].inputs[0, 0].item() for _ in range(50)}
    assert len(starts) > 4
    assert max(starts) < 8


@given(length=st.integers(6, 400), size=st.integers(1, 40), steps=st.integers(1, 4), seed=st.integers(0, 99))
def test_random_sequences_cover_the_text_in_random_order(length, size, steps, seed):
    found = train(text(length), seed=seed, sampling="random", batch_size=size, sequence_length=steps)
    assert all(batch.reset_state for batch in found)
    inputs = torch.cat([batch.inputs for batch in found])
    assert inputs.shape[1] == steps
    assert (torch.cat([batch.targets for batch in found]) == inputs + 1).all()
    positions = inputs.flatten().sort().values
    assert (positions.diff() == 1).all()  # each at most once, and without a gap
    assert length - 1 - len(positions) < 2 * steps


def test_random_sequences_change_order_and_offset_with_the_epoch():
    draws, params = generator(), model_params(sampling="random", sequence_length=5)
    firsts = [torch.cat([b.inputs[:, 0] for b in epoch(text(300), params, draws)]) for _ in range(9)]
    assert all((first.diff() < 0).any() for first in firsts)
    assert len({first.min().item() for first in firsts}) > 2


@pytest.mark.parametrize("sampling", ["consecutive", "random"])
def test_with_a_fixed_offset_every_epoch_starts_at_the_first_symbol(sampling):
    draws, params = generator(), model_params(sampling=sampling, offset="fixed", sequence_length=8, batch_size=3)
    epochs = [torch.cat([b.inputs.flatten() for b in epoch(text(200), params, draws)]) for _ in range(9)]
    symbols = [sorted(found.tolist()) for found in epochs]
    assert all(found == list(range(len(found))) for found in symbols)
    assert all(len(found) > 200 - 1 - 8 for found in symbols)
    same_order = all(torch.equal(epochs[0], found) for found in epochs)
    assert same_order == (sampling == "consecutive")


@given(length=st.integers(1, 700), steps=st.integers(1, 12))
def test_reading_predicts_every_symbol_after_the_context_once_in_order(length, steps):
    context = steps + 1
    found = read(text(context + length, context), sequence_length=steps)
    assert [batch.reset_state for batch in found] == [True] + [False] * (len(found) - 1)
    inputs, targets = (torch.cat([getattr(batch, name) for batch in found], 1) for name in ("inputs", "targets"))
    scored = targets != UNSCORED
    assert targets[scored].tolist() == list(range(context, context + length))
    assert (inputs[scored] == targets[scored] - 1).all()
    assert not scored[:, :steps].any()  # each stream first reads `steps` symbols
    assert (inputs[:, : steps + 1].diff(dim=1) == 1)[scored.any(1)].all()
    assert len(inputs) <= batching.READ_STREAMS


def test_the_same_seed_gives_the_same_batches():
    examples = rows([1 + row % 5 for row in range(50)])
    one, same, other = (
        torch.cat([batch.targets for batch in train(examples, seed=seed)]).tolist() for seed in (1, 1, 2)
    )
    assert one == same != other


@pytest.mark.parametrize("sampling", ["consecutive", "random", "shuffled"])
def test_a_slice_of_an_epoch_has_the_same_batches(sampling):
    examples = rows([3] * 30) if sampling == "shuffled" else text(90)
    params = model_params(sampling=sampling, sequence_length=4, batch_size=5)
    whole = epoch(examples, params, generator())
    again = batching.training_batches(examples, params, generator())
    assert len(again) == len(whole) > 3
    rest = list(again[2:])
    assert len(rest) == len(whole) - 2
    assert all(torch.equal(one.inputs, other.inputs) for one, other in zip(rest, whole[2:], strict=True))


def test_an_error_in_making_a_batch_does_not_end_the_epoch_silently():
    def make(index):
        if index == 2:
            raise IndexError("out of range")
        return index

    with pytest.raises(IndexError):
        list(batching.Batches(range(4), make))
