import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.data.formats import prepare
from pipeline.params.datasets import PairsParams

TRAIN = {"validation": 0.1, "test": 0.2}


def prepare_pairs(here, content, separator="", **shares):
    (here / "p.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    values = {"format": "pairs", "raw": "p.csv", "inputs": "bits", "target": "number", "split_seed": 1}
    values |= {"validation": 0.0, "test": 0.0} | shares
    return prepare("pairs", PairsParams(**values, separator=separator, refit=True))


def test_without_a_separator_each_character_is_a_value(here):
    train = prepare_pairs(here, "number,bits\n6,0110\n9,1001\n").splits["train"]
    assert train["inputs"].tolist() == [[0, 1, 1, 0], [1, 0, 0, 1]]
    assert train["targets"].tolist() == [6, 9]
    assert train["inputs"].dtype == train["targets"].dtype == np.float32


def test_separator_divides_values_of_any_length(here):
    found = prepare_pairs(here, "bits,number\n0.5 -2 3e2,1.25\n", " ")
    assert found.splits["train"]["inputs"].tolist() == [[0.5, -2, 300]]


def test_data_card_has_the_scale_of_the_training_rows(here):
    content = "bits,number\n" + "".join(f"{n:08b},{n}\n" for n in range(256))
    found = prepare_pairs(here, content, **TRAIN)
    targets = found.splits["train"]["targets"].astype(float)
    assert found.card.rows == {"train": 179, "validation": 26, "test": 51}
    assert found.card.scaling["targets"].mean == pytest.approx(targets.mean(), rel=1e-12)
    assert found.card.scaling["targets"].std == pytest.approx(targets.std(), rel=1e-12)
    assert found.card.symbols is None


def test_inputs_equal_in_32_bits_are_in_one_split(here):
    equal = "".join(f"1.{digit:016},{digit}\n" for digit in range(8))  # one 32-bit float
    others = "".join(f"{number},0\n" for number in range(2, 30))
    found = prepare_pairs(here, "bits,number\n-0,0\n0,1\n" + equal + others, separator=" ", **TRAIN)
    inputs_by_split = [set(arrays["inputs"].ravel().tolist()) for arrays in found.splits.values()]
    assert sum(map(len, inputs_by_split)) == len(set().union(*inputs_by_split)) == 30


def test_scale_of_equal_numbers_is_one(here):
    assert prepare_pairs(here, "bits,number\n1,5\n").card.scaling["targets"].std == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["00", "01", "10", "11", "12", "21"]), st.integers(0, 3))))
def test_equal_inputs_are_in_one_split(here, rows):
    rows += [(f"3{n}", n) for n in range(9)]
    content = "bits,number\n" + "".join(f"{bits},{n}\n" for bits, n in rows)
    found = prepare_pairs(here, content, **TRAIN)
    inputs_by_split = [{tuple(row) for row in arrays["inputs"].tolist()} for arrays in found.splits.values()]
    assert sum(map(len, inputs_by_split)) == len({bits for bits, _ in rows})
    assert sum(found.card.rows.values()) == len(set(rows))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("bits,n\n01,1\n", "line 1: column 'number' is not there; found 'bits', 'n'"),
        ("bits,number\n01,1\n0x,1\n", "line 3: bits: found 'x'; wanted a finite number"),
        ("bits,number\n01,nan\n", "line 2: number: found 'nan'; wanted a finite number"),
        ("bits,number\n01,1e39\n", "line 2: number: found '1e39'; wanted a finite number"),
        ("bits,number\n01,\n", "line 2: number: found ''; wanted a finite number"),
        ("bits,number\n01,1\n011,1\n", "line 3: bits: found 3 values; wanted 2"),
        ("bits,number\n,1\n", "line 2: bits: found 0 values; wanted at least 1"),
        ("bits,number\n", "found no rows under the header; wanted one for each pair"),
    ],
)
def test_invalid_pairs_are_refused(here, error_of, content, found):
    assert error_of(prepare_pairs, here, content) == f"p.csv: {found}"


def test_too_few_pairs_are_refused(here, error_of):
    message = error_of(lambda: prepare_pairs(here, "bits,number\n1,1\n1,1\n0,0\n", **TRAIN))
    assert message.startswith("p.csv: distinct rows: found 2 (0 train, 1 validation, 1 test); ")
