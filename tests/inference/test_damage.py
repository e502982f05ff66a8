"""Folders of prepared data and of a model that were damaged: each use ends in one line with the file and the cure."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file, save

import pipeline
from pipeline import manifest
from pipeline.errors import DataError, NotTrainedError
from stages import evaluate, generate, predict, train

DATA, MODEL = "data/prepared/words", "models/words/words-lstm"
NUMBERS = "data/prepared/sums"
FILES = ("params.yaml", DATA, MODEL, NUMBERS, "models/sums/sums-lstm")
DELETED = object()


@pytest.fixture
def project(trained_project, here):
    """Work in a copy of a part of the trained project."""
    for name in FILES:
        target = here / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (trained_project / name).is_dir() else shutil.copyfile)(trained_project / name, target)
    return here


def check_line(line, where):
    assert line.count("\n") == 0
    assert line.startswith(f"{where}"), line
    assert "`dvc repro" in line or "delete it" in line
    assert len(line) < 500


def check_refused(where):
    """Load the model that `where` belongs to, and return the line, which must begin with that path."""
    dataset = "sums" if NUMBERS in str(where) else "words"
    with pytest.raises((DataError, NotTrainedError)) as caught:
        pipeline.load(f"{dataset}-lstm")
    check_line(str(caught.value), where)
    return str(caught.value)


def agree(where):
    """Let the manifest agree with a folder's files."""
    parts = Path(where).parts
    manifest.write(Path(*parts[:3]))


# The manifest finds every accident


@pytest.mark.parametrize("name", [f"{DATA}/train/symbols.npy", f"{DATA}/vocabulary.json", f"{MODEL}/history.csv"])
def test_a_changed_missing_or_added_file_is_named(project, name):
    path, content = Path(name), Path(name).read_bytes()
    for changed in (content[:-1] + b"!", content[:9], b""):
        path.write_bytes(changed)
        assert "damaged, by its digest in manifest.json" in check_refused(name)
    path.unlink()
    assert "no such file" in check_refused(name)
    path.write_bytes(content)
    added = path.with_name(".x")
    added.write_bytes(b"")
    assert "not listed in manifest.json" in check_refused(added)
    added.unlink()
    link = path.rename("elsewhere")
    path.symlink_to(link.absolute())  # as DVC's cache does it
    pipeline.load("words-lstm")


def reverse_vocabulary(content):
    content["symbols"].reverse()


def lose_a_seed(content):
    del content["seeds"]["2"], content["params"]["seeds"][1]


@pytest.mark.parametrize(
    ("name", "change"), [(f"{DATA}/vocabulary.json", reverse_vocabulary), (f"{MODEL}/model.json", lose_a_seed)]
)
@pytest.mark.parametrize(
    ("command", "arguments"),
    [(evaluate, ["words"]), (predict, ["words-lstm", "ab"]), (generate, ["words-lstm", "--prefix", "a"])],
)
def test_every_command_checks_what_it_reads(project, name, change, command, arguments):
    content = json.loads(Path(name).read_text())
    change(content)
    Path(name).write_text(json.dumps(content))
    done = CliRunner().invoke(command.main, arguments)
    assert done.exit_code == 1
    check_line(done.output.strip().removeprefix("Error: "), f"{name}: damaged, by its digest in manifest.json")
    assert not list(Path("results").rglob("*.*")) if Path("results").exists() else True


def test_training_and_evaluation_check_what_they_read(project):
    Path(DATA, "train/symbols.npy").write_bytes(b"")
    done = CliRunner().invoke(train.main, ["words-lstm"])
    check_line(done.output.strip().removeprefix("Error: "), f"{DATA}/train/symbols.npy: damaged")
    Path(DATA, "data_card.json").unlink()
    done = CliRunner().invoke(evaluate.main, ["words"])
    check_line(done.output.strip().removeprefix("Error: "), f"{DATA}/data_card.json: no such file")


def test_a_model_of_other_data_is_not_evaluated(project):
    change_json(f"{MODEL}/model.json", "prepared_digest", "0" * 64)
    done = CliRunner().invoke(evaluate.main, ["words"])
    check_line(done.output.strip().removeprefix("Error: "), f"{MODEL}: trained on other data than {DATA}")


# Odd content is refused even if the manifest agrees with it


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b'"x"', b"{}", b'{"a": NaN}', b'{"\xff": 1}', b"[" * 100_000, b'{"a": ' * 100_000],
    ids=["nothing", "null", "list", "text", "no keys", "NaN", "not UTF-8", "deep list", "deep object"],
)
@pytest.mark.parametrize(
    "name", [f"{DATA}/data_card.json", f"{DATA}/vocabulary.json", f"{MODEL}/model.json", f"{DATA}/manifest.json"]
)
def test_json_of_another_form_is_refused(project, name, content):
    Path(name).write_bytes(content)
    if not name.endswith("manifest.json"):
        agree(name)
    check_refused(name)


def change_json(name, key, value):
    """Change the value under keys with colons between them, and let the manifest agree."""
    content = json.loads(Path(name).read_text())
    *outer, last = key.split(":")
    place = content
    for part in outer:
        place = place[part]
    if value is DELETED:
        del place[last]
    else:
        place[last] = value
    Path(name).write_text(json.dumps(content))
    if not name.endswith("manifest.json"):
        agree(name)


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
WEIGHTS = f"{MODEL}/seed-1.safetensors"


@pytest.mark.parametrize(
    ("name", "key", "value"), CHANGES, ids=[f"{Path(change[0]).name} {change[1]}" for change in CHANGES]
)
def test_odd_values_are_refused(project, name, key, value):
    change_json(name, key, value)
    check_refused(name)


@pytest.mark.parametrize(
    ("key", "value"), [("symbols", 3), ("symbols", 10**400), ("unknown", 0), ("classes", {"a": 1})]
)
def test_a_vocabulary_of_another_data_card_is_refused(project, key, value):
    change_json(f"{DATA}/data_card.json", key, value)
    check_refused(f"{DATA}/vocabulary.json")


def test_a_split_that_the_manifest_lists_elsewhere_is_missing(project):
    change_json(f"{DATA}/manifest.json", "files:../../x", "0" * 64)
    assert "no such file" in check_refused(f"{DATA}/../../x")


def test_another_format_than_that_of_params_is_refused(project):
    change_json(f"{DATA}/data_card.json", "format", "../../x")
    assert "../../x" in check_refused(MODEL)


@pytest.mark.parametrize(
    ("key", "value"), [("hidden_size", 9), ("hidden_size", 65536), ("input", "values"), ("cell", "gru")]
)
def test_weights_of_another_network_are_refused(project, key, value):
    change_json(f"{MODEL}/model.json", f"params:{key}", value)
    check_refused(WEIGHTS)


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
def test_odd_weights_are_refused(project, kind):
    Path(WEIGHTS).write_bytes(ODD_WEIGHTS[kind](load_file(WEIGHTS)))
    agree(WEIGHTS)
    check_refused(WEIGHTS)


def test_listed_weights_that_are_missing_are_no_divergence(project):
    Path(WEIGHTS).unlink()
    agree(WEIGHTS)
    check_refused(WEIGHTS)


SYMBOLS, LENGTHS = f"{DATA}/train/symbols.npy", f"{DATA}/train/lengths.npy"
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
def test_odd_arrays_are_refused(project, kind):
    name, change = ODD_ARRAYS[kind]
    np.save(name, change(np.load(name)), allow_pickle=True)
    agree(name)
    assert Path(name).stem in check_refused(Path(name).parent)


HEADERS = [
    b"{}",
    b"[" * 999,
    b"(" * 9999,
    b"x\n  y\n z",
    b"{'descr': '<i4', 'fortran_order': False, 'shape': (9999999999999999999,)}",
]
HEADERS += [
    b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
    b"{'descr': 3, 'fortran_order': 0, 'shape': -1}",
    b"\xff",
]


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header[:20])
def test_an_array_with_an_odd_header_is_refused(project, header):
    Path(LENGTHS).write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(99))
    agree(LENGTHS)
    check_refused(LENGTHS)


@pytest.mark.parametrize("split", ["train", "test"])
def test_missing_arrays_are_refused(project, split):
    Path(DATA, split, "lengths.npy").unlink()
    agree(DATA)
    check_refused(f"{DATA}/{split}: ")


def test_a_history_of_other_columns_is_refused(project):
    path = Path(MODEL, "history.csv")
    path.write_text(path.read_text().replace("epoch", "era", 1))
    agree(MODEL)
    done = CliRunner().invoke(evaluate.main, ["words"])
    check_line(done.output.strip().removeprefix("Error: "), f"{MODEL}/history.csv: ")
