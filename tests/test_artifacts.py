import hashlib
import os
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import artifacts


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def fail_after_writing(path, error):
    path.write_text("half")
    raise error


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    for content in ("one", "two"):
        with artifacts.replacing_file(path) as partial:
            partial.write_text(content)
            assert path.exists() == (content == "two")  # the former one stays until the end
        assert path.read_text() == content
    assert names(path.parent) == ["a.txt"]


def test_whoever_reads_a_file_that_is_replaced_reads_the_former_one_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("former")
    with path.open() as reader:
        with artifacts.replacing_file(path) as partial:
            partial.write_text("another")
        assert reader.read() == "former"
    assert path.read_text() == "another"


def test_a_file_stays_as_it_was_when_writing_fails(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("former")
    with pytest.raises(ZeroDivisionError), artifacts.replacing_file(path) as partial:
        fail_after_writing(partial, ZeroDivisionError)
    assert path.read_text() == "former"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_is_replaced_whole(tmp_path):
    path = tmp_path / "deep" / "folder"
    with artifacts.replacing_folder(path) as partial:
        (partial / "a").write_text("one")
        (partial / "gone").write_text("later")
        assert not path.exists()
    with artifacts.replacing_folder(path) as partial:
        (partial / "a").write_text("two")
    assert names(path) == ["a"]
    assert (path / "a").read_text() == "two"
    assert names(path.parent) == ["folder"]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_folder_stays_as_it_was_when_writing_fails(tmp_path, error):
    path = tmp_path / "folder"
    path.mkdir()
    (path / "a").write_text("former")
    with pytest.raises(error), artifacts.replacing_folder(path) as partial:
        fail_after_writing(partial / "a", error)
    assert (path / "a").read_text() == "former"
    assert names(tmp_path) == ["folder"]


def test_what_a_killed_process_left_is_not_mixed_in(tmp_path):
    left = tmp_path / ".folder.partial"
    left.mkdir()
    (left / "stale").write_text("half")
    with artifacts.replacing_folder(tmp_path / "folder") as partial:
        (partial / "a").write_text("whole")
    assert names(tmp_path / "folder") == ["a"]
    assert names(tmp_path) == ["folder"]


def test_two_cannot_write_one_folder_at_once(tmp_path, fault):
    path = tmp_path / "folder"

    def write():
        with artifacts.replacing_folder(path) as partial:
            (partial / "second").touch()

    with artifacts.replacing_folder(path) as partial:
        (partial / "first").touch()
        assert fault(write) == f"{path}: another run is writing it; wait until that has ended, and run again"
    assert names(path) == ["first"]
    write()
    assert names(path) == ["second"]


def test_who_came_as_a_folder_was_moved_into_place_leaves_it_alone(tmp_path, monkeypatch):
    path = tmp_path / "folder"
    opened, first = os.open, ExitStack()
    (first.enter_context(artifacts.replacing_folder(path)) / "first").touch()

    def moved_meanwhile(where, flags, *mode, **more):
        held = opened(where, flags, *mode, **more)
        if flags == os.O_RDONLY and Path(where) == tmp_path / ".folder.partial":
            first.close()
        return held

    monkeypatch.setattr(artifacts.os, "open", moved_meanwhile)
    with artifacts.replacing_folder(path) as partial:
        assert names(path) == ["first"]
        (partial / "second").touch()
    assert names(path) == ["second"]


def test_json_reads_as_it_was_written(tmp_path):
    path = tmp_path / "a.json"
    artifacts.write_json(path, {"b": [1, 2.5], "a": "é"})
    assert path.read_bytes() == b'{\n  "b": [\n    1,\n    2.5\n  ],\n  "a": "\xc3\xa9"\n}\n'
    assert artifacts.read_json(path) == {"b": [1, 2.5], "a": "é"}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_holds_no_number_that_json_does_not_know(tmp_path, value):
    with pytest.raises(ValueError, match="JSON compliant"):
        artifacts.write_json(tmp_path / "a.json", value)
    assert names(tmp_path) == []


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_floats_of_a_csv_read_back_the_same(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "floats.csv"
    artifacts.write_csv(path, ("x", "y"), [(value, "é") for value in values])
    assert [float(row["x"]) for row in artifacts.read_csv(path)] == values
    assert b"\r" not in path.read_bytes()


def test_arrays_are_mapped_and_always_the_same_bytes(tmp_path):
    arrays = {"b": np.arange(6).reshape(2, 3)[:, ::-1], "a": np.array([1.5], dtype=np.float32)}
    for folder in ("one", "two"):
        artifacts.write_arrays(tmp_path / folder, arrays)
    found = artifacts.read_arrays(tmp_path / "one")
    assert list(found) == ["a", "b"]
    assert isinstance(found["b"], np.memmap)
    assert found["b"].tolist() == [[2, 1, 0], [5, 4, 3]]
    for name in ("a.npy", "b.npy"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK"])
def test_a_damaged_array_is_named(tmp_path, fault, content):
    path = tmp_path / "data" / "a.npy"
    path.parent.mkdir()
    path.write_bytes(content)
    assert fault(artifacts.read_arrays, path.parent) == f"{path}: damaged; run `dvc repro -f prepare@{tmp_path.name}`"


def test_a_file_that_is_not_there_or_not_json_is_named(tmp_path, fault):
    path = tmp_path / "a"
    for read in (artifacts.read_json, artifacts.read_csv):
        assert fault(read, path) == f"{path}: no such file; run `dvc repro`, which makes it"
    path.write_text("{")
    assert fault(artifacts.read_json, path).startswith(f"{path}: not JSON (")
    path.write_bytes(b"a,b\n1,\xff\n")
    assert fault(artifacts.read_csv, path) == f"{path}: damaged; run `make mend` and `dvc repro`"


def test_the_digest_of_one_file_is_that_of_its_content(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * (3 << 20))
    assert artifacts.sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_digest_of_several_files_knows_their_names_and_borders(tmp_path):
    def digest(**contents):
        paths = []
        for name, content in contents.items():
            paths.append(tmp_path / name)
            paths[-1].write_text(content)
        return artifacts.sha256(*paths)

    assert len({digest(a="xy", b="z"), digest(a="x", b="yz"), digest(a="xy", c="z")}) == 3
    assert digest(a="xy", b="z") == digest(a="xy", b="z")


def test_who_has_moved_a_folder_into_place_leaves_that_of_the_next_alone(tmp_path, monkeypatch):
    path, second = tmp_path / "folder", ExitStack()
    rename = Path.rename

    def followed(partial, target):
        rename(partial, target)
        monkeypatch.undo()
        (second.enter_context(artifacts.replacing_folder(path)) / "second").touch()

    monkeypatch.setattr(Path, "rename", followed)
    with artifacts.replacing_folder(path) as partial:
        (partial / "first").touch()
    assert names(path) == ["first"]
    second.close()
    assert names(path) == ["second"]
