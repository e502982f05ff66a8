import numpy as np
import pytest
import torch

from pipeline.tasks import examples
from pipeline.tasks.examples import UNSCORED

CPU = torch.device("cpu")


def pad(*rows):
    width = 5
    symbols = np.array([[*row, *[0] * (width - len(row))] for row in rows], dtype=np.uint8)
    return {"symbols": symbols, "lengths": np.array([len(row) for row in rows], dtype=np.int32)}


def test_the_targets_of_a_row_are_its_next_symbols():
    found = examples.next_symbol_rows(pad([1, 2, 3], [4, 5, 6, 7, 8]), CPU)
    assert found.inputs.tolist() == [[1, 2, 3, 0], [4, 5, 6, 7]]
    assert found.targets.tolist() == [[2, 3, UNSCORED, UNSCORED], [5, 6, 7, 8]]
    assert found.lengths.tolist() == [2, 4]


def test_only_rows_without_padding_need_no_lengths():
    arrays = pad([1, 2, 3], [4, 5, 6]) | {"labels": np.array([0, 1])}
    assert examples.labelled_rows(arrays, CPU).lengths.tolist() == [3, 3]  # other splits have longer rows
    assert examples.next_symbol_rows(arrays, CPU).lengths.tolist() == [2, 2]
    full = pad([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]) | {"labels": np.array([0, 1])}
    assert examples.labelled_rows(full, CPU).lengths is None
    assert examples.next_symbol_rows(full, CPU).lengths is None


def test_windows_of_a_series_end_before_their_target_and_reach_into_history():
    now, before = {"values": np.array([5.0, 6.0, 7.0])}, {"values": np.array([1.0, 2.0, 3.0, 4.0])}
    found = examples.lagged_rows(now, before, 2, CPU)
    assert found.inputs.tolist() == [[3, 4], [4, 5], [5, 6]]
    assert found.targets.tolist() == [5, 6, 7]
    alone = examples.lagged_rows(now, None, 2, CPU)
    assert (alone.inputs.tolist(), alone.targets.tolist()) == ([[5, 6]], [7])


def test_a_streams_context_is_the_end_of_the_text_before_it():
    now, before = {"stream": np.array([5, 6], dtype=np.uint8)}, {"stream": np.array([1, 2, 3, 4], dtype=np.uint8)}
    found = examples.text_stream(now, before, 2, CPU)
    assert found.symbols.tolist() == [2, 3, 4, 5, 6]
    assert found.symbols[found.context :].tolist() == [5, 6]
    assert len(found) == 2


@pytest.mark.parametrize(
    ("make", "name", "key", "unit"),
    [
        (examples.lagged_rows, "values", "window", "days"),
        (examples.text_stream, "stream", "sequence_length", "characters"),
    ],
)
def test_a_window_or_sequence_length_longer_than_a_split_is_refused(error_of, make, name, key, unit):
    assert error_of(make, {name: np.arange(3)}, None, 3, CPU) == (
        f"params.yaml: {key} 3 needs more than the 3 {unit} of a split; choose a smaller one"
    )
