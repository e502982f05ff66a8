"""Odd content of prepared data and of a model is refused, even if the manifest agrees with it."""

import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load, save

from stages import baseline, evaluate
from tests.support.damage import DATA, DELETED, MODEL, NUMBERS, agree, check_line, check_refused, rewrite, set_value

pytestmark = pytest.mark.usefixtures("damageable")

WEIGHTS = f"{MODEL}/seed-1.safetensors"
SYMBOLS, LENGTHS = f"{DATA}/train/symbols.npy", f"{DATA}/train/lengths.npy"

FORMS = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "no keys": b"{}",
    "NaN": b'{"a": NaN}',
    "not UTF-8": b'{"\xff": 1}',
    "a deep list": b"[" * 100_000,
    "a deep object": b'{"a": ' * 100_000,
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(
    "name", [f"{DATA}/data_card.json", f"{DATA}/vocabulary.json", f"{MODEL}/model.json", f"{DATA}/manifest.json"]
)
def test_json_of_another_form_is_refused(name, content):
    rewrite(name, lambda before: content)
    check_refused(name)


CHANGES = [
    (f"{DATA}/manifest.json", "files", None),
    (f"{DATA}/manifest.json", "files", {"x" * 9999: "0" * 64}),
    (f"{DATA}/manifest.json", "files:vocabulary\njson", 3),
    (f"{DATA}/manifest.json", "more", 3),
    (f"{DATA}/data_card.json", "rows", DELETED),
    (f"{DATA}/data_card.json", "rows:train", DELETED),
    (f"{DATA}/data_card.json", "rows:../../x", 1),
    (f"{DATA}/data_card.json", "task", "x" * 9999),
    (f"{DATA}/data_card.json", "dataset", "../../x"),
    (f"{NUMBERS}/data_card.json", "scaling", {}),
    (f"{NUMBERS}/data_card.json", "scaling:inputs:std", 0.0),
    (f"{DATA}/vocabulary.json", "symbols", []),
    (f"{DATA}/vocabulary.json", "symbols", list("aabcd")),
    (f"{DATA}/vocabulary.json", "symbols", ["ab", "c", "d", "e", "f"]),
    (f"{DATA}/vocabulary.json", "symbols", list("abcdef")),
    (f"{DATA}/vocabulary.json", "classes", ["a"]),
    (f"{MODEL}/model.json", "model", "../../x"),
    (f"{MODEL}/model.json", "seeds", DELETED),
    (f"{MODEL}/model.json", "seeds:2", DELETED),
    (f"{MODEL}/model.json", "seeds:1.status", 3),
    (f"{MODEL}/model.json", "seeds:../../x", {}),
    (f"{MODEL}/model.json", "params:cell", "transformer"),
    (f"{MODEL}/model.json", "params:head", "none"),
    (f"{MODEL}/model.json", "weights", {"seed-1.safetensors": "0"}),
    (f"{MODEL}/model.json", "reproducibility", "sometimes"),
]
CHANGES = [(*change, change[0]) for change in CHANGES]  # the file that is named is the changed one
CHANGES += [
    (f"{DATA}/manifest.json", "files:../../x", "0" * 64, f"{DATA}/../../x: no such file"),
    (f"{DATA}/data_card.json", "format", "../../x", MODEL),
    (f"{DATA}/data_card.json", "symbols", 3, f"{DATA}/vocabulary.json"),
    (f"{DATA}/data_card.json", "symbols", 10**400, f"{DATA}/vocabulary.json"),
    (f"{DATA}/data_card.json", "unknown", 0, f"{DATA}/vocabulary.json"),
    (f"{DATA}/data_card.json", "classes", {"a": 1}, f"{DATA}/vocabulary.json"),
    (f"{MODEL}/model.json", "params:hidden_size", 9, WEIGHTS),
    (f"{MODEL}/model.json", "params:hidden_size", 65536, WEIGHTS),
    (f"{MODEL}/model.json", "params:input", "values", WEIGHTS),
    (f"{MODEL}/model.json", "params:cell", "gru", WEIGHTS),
]


@pytest.mark.parametrize(
    ("name", "keys", "value", "where"), CHANGES, ids=[f"{Path(change[0]).name} {change[1]}" for change in CHANGES]
)
def test_odd_values_are_refused(name, keys, value, where):
    rewrite(name, set_value(keys, value))
    check_refused(where)


def with_type(array, name):
    header = json.dumps({"x": {"dtype": name, "shape": [2], "data_offsets": [0, 4]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(4)


ODD_WEIGHTS = {
    "NaN": lambda arrays: save(arrays | {"head.bias": arrays["head.bias"] * np.float32(np.nan)}),
    "infinite": lambda arrays: save(arrays | {"head.bias": arrays["head.bias"] + np.float32(np.inf)}),
    "other shape": lambda arrays: save(arrays | {"head.bias": arrays["head.bias"][:-1].copy()}),
    "no axes": lambda arrays: save(arrays | {"head.bias": np.array(1, dtype=np.float32)}),
    "other type": lambda arrays: save(arrays | {"head.bias": arrays["head.bias"].astype(np.float64)}),
    "one missing": lambda arrays: save({name: arrays[name] for name in arrays if name != "head.bias"}),
    "one more": lambda arrays: save(arrays | {"../../x\n" * 99: arrays["head.bias"]}),
    "none": lambda arrays: save({}),
    "no header": lambda arrays: b"",
    "half": lambda arrays: save(arrays)[:-9],
    "deep header": lambda arrays: (99_999).to_bytes(8, "little") + b"[" * 99_999,
    "type of bfloat16": lambda arrays: with_type(arrays, "BF16"),
    "type of float8": lambda arrays: with_type(arrays, "F8_E4M3"),
    "unknown type": lambda arrays: with_type(arrays, "X"),
}


@pytest.mark.parametrize("kind", ODD_WEIGHTS)
def test_odd_weights_are_refused(kind):
    rewrite(WEIGHTS, lambda before: ODD_WEIGHTS[kind](load(before)))
    check_refused(WEIGHTS)


def test_listed_weights_that_are_missing_are_no_divergence():
    Path(WEIGHTS).unlink()
    agree(WEIGHTS)
    check_refused(WEIGHTS)


ODD_ARRAYS = {
    "objects": (SYMBOLS, lambda array: array.astype(object)),
    "no axes": (LENGTHS, lambda array: array[0]),
    "more axes": (LENGTHS, lambda array: array[:, None]),
    "numbers": (SYMBOLS, lambda array: array.astype(float)),
    "text": (SYMBOLS, lambda array: array.astype(str)),
    "records": (LENGTHS, lambda array: np.zeros(len(array), dtype=[("a", "i4")])),
    "beyond the vocabulary": (SYMBOLS, lambda array: array + array.dtype.type(200)),
    "fewer rows": (LENGTHS, lambda array: array[:-1]),
    "no rows": (SYMBOLS, lambda array: array[:0]),
    "negative": (LENGTHS, lambda array: -array),
    "too long": (LENGTHS, lambda array: array + 99),
    "NaN": (f"{NUMBERS}/test/targets.npy", lambda array: array * np.float32(np.nan)),
    "infinite": (f"{NUMBERS}/test/inputs.npy", lambda array: array + np.float32(np.inf)),
}


@pytest.mark.parametrize("kind", ODD_ARRAYS)
def test_odd_arrays_are_refused(kind):
    name, change = ODD_ARRAYS[kind]

    def save_changed(before):
        stream = io.BytesIO()
        np.save(stream, change(np.load(io.BytesIO(before))), allow_pickle=True)
        return stream.getvalue()

    rewrite(name, save_changed)
    assert Path(name).stem in check_refused(Path(name).parent)


HEADERS = [
    b"{}",
    b"[" * 999,
    b"(" * 9999,
    b"x\n  y\n z",
    b"{'descr': '<i4', 'fortran_order': False, 'shape': (9999999999999999999,)}",
    b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
    b"{'descr': 3, 'fortran_order': 0, 'shape': -1}",
    b"\xff",
]


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header[:20])
def test_an_array_with_an_odd_header_is_refused(header):
    rewrite(LENGTHS, lambda before: b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(99))
    check_refused(LENGTHS)


def as_npz():
    stream = io.BytesIO()
    np.savez(stream, lengths=np.ones(3, dtype=np.int32))
    return stream.getvalue()


@pytest.mark.parametrize("content", [b"PK\x03\x04" * 30, as_npz(), pickle.dumps([1, 2])], ids=["zip", "npz", "pickle"])
def test_a_file_of_another_kind_is_no_array(content):
    rewrite(LENGTHS, lambda before: content)
    check_refused(LENGTHS)


@pytest.mark.parametrize(
    "name", [f"{DATA}/data_card.json", f"{DATA}/manifest.json", f"{MODEL}/model.json", SYMBOLS, WEIGHTS]
)
def test_a_folder_in_the_place_of_a_file_is_refused(name):
    Path(name).unlink()
    if not name.endswith("manifest.json"):
        agree(name)
    Path(name).mkdir()
    check_refused(name)


@pytest.mark.parametrize("split", ["train", "test"])
def test_missing_arrays_are_refused(split):
    Path(DATA, split, "lengths.npy").unlink()
    agree(DATA)
    check_refused(f"{DATA}/{split}: ")


def test_a_history_of_other_columns_is_refused():
    path = Path(MODEL, "history.csv")
    path.write_text(path.read_text().replace("epoch", "era", 1))
    agree(MODEL)
    assert CliRunner().invoke(baseline.main, ["words"]).exit_code == 0
    done = CliRunner().invoke(evaluate.main, ["words"])
    check_line(done.output.strip().removeprefix("Error: "), f"{MODEL}/history.csv: ")
