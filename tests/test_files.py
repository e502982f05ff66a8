import hashlib
import os
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import files
from pipeline.errors import REPAIR


def list_names(folder):
    return sorted(path.name for path in folder.iterdir())


def fail_after_writing(path, error):
    path.write_text("half")
    raise error


def test_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    for content in ("one", "two"):
        with files.replacing_file(path) as partial:
            partial.write_text(content)
            assert path.exists() == (content == "two")  # the existing file stays until the end
        assert path.read_text() == content
    assert list_names(path.parent) == ["a.txt"]


def test_reader_of_a_replaced_file_reads_the_old_content_to_the_end(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with path.open() as reader:
        with files.replacing_file(path) as partial:
            partial.write_text("new")
        assert reader.read() == "old"
    assert path.read_text() == "new"


def test_file_is_unchanged_if_writing_fails(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), files.replacing_file(path) as partial:
        fail_after_writing(partial, ZeroDivisionError)
    assert path.read_text() == "old"
    assert list_names(tmp_path) == ["a.txt"]


def test_folder_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "deep" / "folder"
    with files.replacing_folder(path) as partial:
        (partial / "a").write_text("one")
        (partial / "gone").write_text("later")
        assert not path.exists()
    with files.replacing_folder(path) as partial:
        (partial / "a").write_text("two")
    assert list_names(path) == ["a"]
    assert (path / "a").read_text() == "two"
    assert list_names(path.parent) == ["folder"]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_folder_is_unchanged_if_writing_fails(tmp_path, error):
    path = tmp_path / "folder"
    path.mkdir()
    (path / "a").write_text("old")
    with pytest.raises(error), files.replacing_folder(path) as partial:
        fail_after_writing(partial / "a", error)
    assert (path / "a").read_text() == "old"
    assert list_names(tmp_path) == ["folder"]


def test_leftovers_of_a_killed_process_are_removed(tmp_path):
    leftover = tmp_path / ".folder.partial"
    leftover.mkdir()
    (leftover / "stale").write_text("half")
    with files.replacing_folder(tmp_path / "folder") as partial:
        (partial / "a").write_text("whole")
    assert list_names(tmp_path / "folder") == ["a"]
    assert list_names(tmp_path) == ["folder"]


def test_second_writer_of_a_folder_is_refused(tmp_path, error_of):
    path = tmp_path / "folder"

    def write():
        with files.replacing_folder(path) as partial:
            (partial / "second").touch()

    with files.replacing_folder(path) as partial:
        (partial / "first").touch()
        assert error_of(write) == f"{path}: another run is writing it; wait until that run has ended, and run again"
    assert list_names(path) == ["first"]
    write()
    assert list_names(path) == ["second"]


def test_second_writer_that_opens_a_folder_just_moved_leaves_it_alone(tmp_path, monkeypatch):
    path = tmp_path / "folder"
    os_open, first = os.open, ExitStack()
    (first.enter_context(files.replacing_folder(path)) / "first").touch()

    def open_as_it_is_moved(folder, flags, *args, **kwargs):
        descriptor = os_open(folder, flags, *args, **kwargs)
        if flags == os.O_RDONLY and Path(folder) == tmp_path / ".folder.partial":
            first.close()
        return descriptor

    monkeypatch.setattr(files.os, "open", open_as_it_is_moved)
    with files.replacing_folder(path) as partial:
        assert list_names(path) == ["first"]
        (partial / "second").touch()
    assert list_names(path) == ["second"]


def test_json_reads_back_the_same(tmp_path):
    path = tmp_path / "a.json"
    files.write_json(path, {"b": [1, 2.5], "a": "é"})
    assert path.read_bytes() == b'{\n  "b": [\n    1,\n    2.5\n  ],\n  "a": "\xc3\xa9"\n}\n'
    assert files.read_json(path) == {"b": [1, 2.5], "a": "é"}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_and_infinity_are_refused_in_json(tmp_path, value):
    with pytest.raises(ValueError, match="JSON compliant"):
        files.write_json(tmp_path / "a.json", value)
    assert list_names(tmp_path) == []


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_floats_of_a_csv_read_back_the_same(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "floats.csv"
    files.write_csv(path, ("x", "y"), [(value, "é") for value in values])
    assert [float(row["x"]) for row in files.read_csv(path)] == values
    assert b"\r" not in path.read_bytes()


def test_arrays_are_memory_mapped_and_their_files_reproducible(tmp_path):
    arrays = {"b": np.arange(6).reshape(2, 3)[:, ::-1], "a": np.array([1.5], dtype=np.float32)}
    for folder in ("one", "two"):
        files.write_arrays(tmp_path / folder, arrays)
    found = files.read_arrays(tmp_path / "one")
    assert list(found) == ["a", "b"]
    assert isinstance(found["b"], np.memmap)
    assert found["b"].tolist() == [[2, 1, 0], [5, 4, 3]]
    for name in ("a.npy", "b.npy"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK"])
def test_damaged_array_is_reported(tmp_path, error_of, content):
    path = tmp_path / "data" / "a.npy"
    path.parent.mkdir()
    path.write_bytes(content)
    assert error_of(files.read_arrays, path.parent) == f"{path}: damaged; {REPAIR}"


def test_missing_or_damaged_file_is_reported(tmp_path, error_of):
    path = tmp_path / "a"
    for read in (files.read_json, files.read_csv):
        assert error_of(read, path) == f"{path}: no such file; run `dvc repro`, which makes it"
    path.write_text("{")
    assert error_of(files.read_json, path).startswith(f"{path}: not JSON (")
    path.write_bytes(b"a,b\n1,\xff\n")
    assert error_of(files.read_csv, path).startswith(f"{path}: damaged; run `dvc repro`")


def test_digest_of_one_file_is_that_of_its_content(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * (3 << 20))
    assert files.sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_digest_of_several_files_depends_on_their_names_and_boundaries(tmp_path):
    def digest(**contents):
        paths = []
        for name, content in contents.items():
            paths.append(tmp_path / name)
            paths[-1].write_text(content)
        return files.sha256(*paths)

    assert len({digest(a="xy", b="z"), digest(a="x", b="yz"), digest(a="xy", c="z")}) == 3
    assert digest(a="xy", b="z") == digest(a="xy", b="z")


def test_writer_that_has_moved_its_folder_leaves_that_of_the_next_writer_alone(tmp_path, monkeypatch):
    path, second = tmp_path / "folder", ExitStack()
    rename = Path.rename

    def rename_then_start_second(partial, target):
        rename(partial, target)
        monkeypatch.undo()
        (second.enter_context(files.replacing_folder(path)) / "second").touch()

    monkeypatch.setattr(Path, "rename", rename_then_start_second)
    with files.replacing_folder(path) as partial:
        (partial / "first").touch()
    assert list_names(path) == ["first"]
    second.close()
    assert list_names(path) == ["second"]
