"""Splits that the user gives: a file for each, a column that names them, or first days of a series."""

import numpy as np
import pytest

from pipeline.data.formats import prepare
from pipeline.errors import DataError
from pipeline.params.datasets import LabelledParams, PairsParams, SeriesParams, TextParams, WindowsParams, WordsParams

CLASSES = {name: cls for cls in (LabelledParams, PairsParams, SeriesParams, TextParams, WindowsParams, WordsParams)
           for name in [cls.model_fields["format"].annotation.__args__[0]]}  # fmt: skip
TEXT = {"skip": 0, "limit": 0, "max_megabytes": 1}
VOWELS = {"width": 3, "stride": 1, "classes": {"vowel": "ae", "other": "bc"}}
BLOCKS = {
    "words": {"alphabet": "abcde"},
    "pairs": {"inputs": "x", "separator": " ", "target": "y"},
    "labelled": {"text": "x", "label": "y", "members": "*.txt", "max_megabytes": 1},
    "text": {**TEXT, "alphabet": "any"},
    "windows": {**TEXT, **VOWELS, "alphabet": "abcde"},
    "series": {"date": "date", "store": "store", "item": "item", "sales": "sales", "stores": "all", "items": "all",
               "reduce": "sum", "season": 2},
}  # fmt: skip
FILES = {
    "words": ("abc\nbcd\nabc\n", "cde\nabc\n", "dea\ncde\n"),
    "pairs": ("x,y\n1 2,3\n1 3,4\n", "x,y\n5 5,10\n1 2,9\n", "y,x\n7,5 2\n"),
    "labelled": ("x,y\nab,A\nba,B\nab,A\n", "x,y\nab,A\nzz,B\n", "x,y\nbb,B\n"),
    "text": ("abcabc\n", "abd\n", "abcabc\n"),
    "windows": ("abcabcabc", "eabca", "abcabcabc"),
}
ISSUES = {
    "words": {"1 validation rows that are in another split too", "1 test rows that are in another split too"},
    "pairs": {"1 validation rows that are in another split too"},
    "labelled": {"1 validation rows that are in another split too"},
    "text": {"the test file is the train file"},
    "windows": {"the test file is the train file"},
}
TABLE = "x,split,y\n1 2,train,3\n5 5,validation,10\n2 2,test,4\n1 3,train,4\n"


def block(name, **changes):
    return CLASSES[name](**{"format": name, "raw": "own", "refit": False} | BLOCKS[name] | changes)


def write_files(here, name, ending="csv", contents=None):
    (here / "own").mkdir()
    for split, content in zip(("train", "validation", "test"), contents or FILES[name], strict=True):
        (here / "own" / f"{split}.{ending}").write_text(content)


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_a_split(here, name):
    write_files(here, name)
    found = prepare(name, block(name, split_files=True))
    assert list(found.splits) == ["train", "validation", "test"]
    issues = {issue.found.partition(",")[0] for issue in found.card.issues if issue.done.startswith("kept, since")}
    assert issues == ISSUES[name]
    if found.vocabulary and "lengths" in found.splits["train"]:
        arrays = found.splits["train"]
        rows = zip(arrays["symbols"], arrays["lengths"], strict=True)
        assert {found.vocabulary.decode(row[:size]) for row, size in rows} == {
            "words": {"abc", "bcd"},
            "labelled": {"ab", "ba"},
            "windows": {"abc", "bca", "cab"},
        }[name]


def test_the_digest_changes_with_each_file(here):
    write_files(here, "words")
    params = block("words", split_files=True)
    digests = {prepare("words", params).card.raw_sha256}
    for split in ("train", "validation", "test"):
        (here / "own" / f"{split}.csv").write_text("eee\n")
        digests.add(prepare("words", params).card.raw_sha256)
    assert len(digests) == 4


def test_vocabulary_and_scaling_are_of_the_training_file_alone(here):
    write_files(here, "labelled")
    found = prepare("labelled", block("labelled", split_files=True))
    assert set(found.vocabulary.symbols[1:]) == {"a", "b"}
    assert found.card.rows == {"train": 2, "validation": 2, "test": 1}


def test_symbols_of_held_out_texts_are_unknown(here):
    write_files(here, "text", "txt")
    found = prepare("text", block("text", split_files=True))
    assert found.vocabulary.symbols[1:] == (" ", "a", "b", "c")
    assert found.splits["validation"]["stream"].tolist() == [2, 3, 0, 1]
    assert found.card.rows == {"train": 7, "validation": 4, "test": 7}
    assert found.card.passage.characters == 18


def test_scaling_is_of_the_training_rows_of_a_column(here):
    (here / "own").write_text(TABLE)
    found = prepare("pairs", block("pairs", split_column="split"))
    assert {split: arrays["targets"].tolist() for split, arrays in found.splits.items()} == {
        "train": [3, 4],
        "validation": [10],
        "test": [4],
    }
    assert found.card.scaling["targets"].mean == 3.5


def test_a_column_splits_labelled_texts(here):
    (here / "own").write_text("y,x,split\nA,ab, train\nB,b,train\nA,c,validation\nB,b,test\nA,b,train\n")
    found = prepare("labelled", block("labelled", split_column="split"))
    assert found.card.rows == {"train": 3, "validation": 1, "test": 1}
    assert {"1 test rows that are in another split too", "no test rows for 'A'"} <= {
        issue.found.partition(",")[0] for issue in found.card.issues
    }


def test_a_folder_of_labels_is_a_split(here):
    for split in ("train", "validation", "test"):
        for label in "AB":
            (here / "own" / split).mkdir(parents=True, exist_ok=True)
            (here / "own" / split / f"{label}.txt").write_text(f"{split} {label}\n")
    found = prepare("labelled", block("labelled", split_files=True))
    assert found.card.rows == {"train": 2, "validation": 2, "test": 2}
    assert found.classes == ("A", "B")


def test_a_series_takes_days_and_no_files():
    for wrong in ({"split_files": True}, {"test_from": "2020-01-08"}, {"validation_from": "2020-01-08"}):
        with pytest.raises(ValueError, match=r"validation_from and test_from|validation and test missing"):
            block("series", **wrong)
    with pytest.raises(ValueError, match="must be before test_from"):
        block("series", validation_from="2020-01-09", test_from="2020-01-08")


def test_days_are_split_where_the_user_says(here):
    days = np.arange("2020-01-01", "2020-01-11", dtype="datetime64[D]")
    (here / "own").write_text("date,store,item,sales\n" + "".join(f"{day},1,1,5\n" for day in days))
    found = prepare("series", block("series", validation_from="2020-01-05", test_from="2020-01-08"))
    assert {split: str(arrays["dates"][0]) for split, arrays in found.splits.items()} == {
        "train": "2020-01-01",
        "validation": "2020-01-05",
        "test": "2020-01-08",
    }
    with pytest.raises(DataError, match=r"own: days: found 10 \(4 train, 6 validation, 0 test\); wanted at least 1"):
        prepare("series", block("series", validation_from="2020-01-05", test_from="2021-01-08"))


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (None, "own: found no folder; wanted a folder with one file each of train.*, validation.* and test.*"),
        (["train.csv", "test.csv"], "own: found 0 files validation.* among 'test.csv', 'train.csv'; wanted"),
        (["train.csv", "train.txt", "validation.csv", "test.csv"], "own: found 2 files train.* among "),
    ],
)
def test_a_folder_without_the_files_is_refused(here, error_of, files, found):
    if files is None:
        (here / "own").write_text("x")
    for name in files or ():
        (here / "own").mkdir(exist_ok=True)
        (here / "own" / name).write_text("abc\n")
    assert error_of(prepare, "words", block("words", split_files=True)).startswith(found)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (TABLE.replace("test", "dev"), "own: line 4: split: found 'dev'; wanted train, validation, test"),
        (TABLE.replace("test", "train"), "own: distinct rows: found 4 (3 train, 1 validation, 0 test); wanted at"),
        (TABLE.replace("split,y", "part,y"), "own: line 1: column 'split' is not there"),
    ],
)
def test_a_column_that_names_no_split_is_refused(here, error_of, content, found):
    (here / "own").write_text(content)
    assert error_of(prepare, "pairs", block("pairs", split_column="split")).startswith(found)


@pytest.mark.parametrize(
    ("name", "contents", "found"),
    [
        ("pairs", ("x,y\n1 2,3\n", "x,y\n1,3\n", "x,y\n1 2,3\n"), "own/validation.csv: line 2: x: found 1 values; wan"),
        ("labelled", ("x,y\na,A\nb,B\n", "x,y\na,A\n", "x,y\na,C\n"), "own: found no train row of label 'C'; add some"),
        ("text", ("abc", "a", "abc"), "own: characters after cleaning: found 7 (3 train, 1 validation, 3 test); "),
    ],
)
def test_an_error_in_one_of_the_files_is_named(here, error_of, name, contents, found):
    write_files(here, name, contents=contents)
    assert error_of(prepare, name, block(name, split_files=True)).startswith(found)
