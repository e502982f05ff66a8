import subprocess
import sys
import zipfile

import numpy as np
import pytest

import pipeline
from pipeline.data import readers
from pipeline.data.formats import prepare
from pipeline.data.prepared import read, write
from pipeline.params.datasets import TextParams

LETTERS = "abcdefghijklmnopqrstuvwxyz "


def params(**changes):
    values = {"format": "text", "raw": "t.txt", "alphabet": "any", "skip": 0, "limit": 0, "max_megabytes": 1}
    values |= {"validation": 0.1, "test": 0.1, "refit": False}
    return TextParams(**values | changes)


def join_splits(found):
    return "".join(found.vocabulary.decode(arrays["stream"]) for arrays in found.splits.values())


def test_text_is_split_by_position(here):
    (here / "t.txt").write_text("The quick brown fox, the lazy dog.")
    found = prepare("text", params(alphabet=LETTERS))
    assert join_splits(found) == "the quick brown fox the lazy dog "
    assert found.card.rows == {"train": 27, "validation": 3, "test": 3}
    assert found.card.symbols == 27
    assert found.splits["train"]["stream"].dtype == np.uint8


def test_stream_memory_mapped_from_a_folder_is_the_same(here):
    (here / "t.txt").write_text("a text in blocks " * 1000)
    (here / "out").mkdir()
    in_memory, mapped = prepare("text", params()), prepare("text", params(), here / "out")
    assert isinstance(mapped.splits["train"]["stream"], np.memmap)
    assert in_memory.card == mapped.card
    write(mapped, here / "out")
    assert join_splits(read(here / "out")) == join_splits(in_memory)
    assert read(here / "out").card == in_memory.card


def test_vocabulary_has_the_symbols_of_the_training_text_alone(here):
    (here / "t.txt").write_text("abababababababab" + "xb" + "yz")
    found = prepare("text", params())
    assert found.vocabulary.symbols == ("\ufffd", "a", "b")
    assert join_splits(found) == "abababababababab" + "\ufffdb" + "\ufffd\ufffd"
    assert [issue.found.split(" that")[0] for issue in found.card.issues] == [
        "1 validation characters",
        "2 test characters",
    ]


def issues_of(found):
    return {issue.found: issue.done for issue in found.card.issues if " that do not occur " not in issue.found}


AS_ONE_SPACE = "each run of them and of spaces replaced by one space"
ODD = "12 The  quick, \n(brown) fox,\njumps"
CHANGED = {
    "2 line breaks": AS_ONE_SPACE,
    "1 capital letters that the alphabet lacks": "replaced by their small letters",
    "6 other symbols outside the alphabet": AS_ONE_SPACE,
    "4 spaces after another space, or after what became one": "dropped",
}

CHANGED_IN_PART = {  # in ") fox,\\njump"
    "1 line breaks": AS_ONE_SPACE,
    "2 other symbols outside the alphabet": AS_ONE_SPACE,
    "1 spaces after another space, or after what became one": "dropped",
}
DROPPED = {
    "2 line breaks": "dropped",
    "1 capital letters that the alphabet lacks": "replaced by their small letters",
    "11 other symbols outside the alphabet": "dropped",
}


@pytest.mark.parametrize("block", [1, 3, 1000])
@pytest.mark.parametrize(
    ("content", "changes", "issues"),
    [
        (ODD, {}, {"2 line breaks": "each replaced by a space"}),
        (ODD.replace("\n", " "), {}, {}),
        (ODD, {"alphabet": LETTERS}, CHANGED),
        ("plain text of letters", {"alphabet": LETTERS}, {}),
        (ODD, {"alphabet": LETTERS, "skip": 16, "limit": 9, "validation": 0.2, "test": 0.2}, CHANGED_IN_PART),
        (ODD, {"alphabet": LETTERS.strip()}, DROPPED),
    ],
)
def test_data_card_counts_what_cleaning_changed_in_the_passage(here, monkeypatch, block, content, changes, issues):
    monkeypatch.setattr(readers, "BLOCK", block)
    (here / "t.txt").write_text(content)
    assert issues_of(prepare("text", params(**changes))) == issues


def test_data_card_has_the_passage_used(here):
    (here / "t.txt").write_text("one two three four five")
    passage = prepare("text", params(skip=4, limit=16)).card.passage
    assert passage.model_dump() == {"skipped": 4, "characters": 16, "opening": "two three four f"}


def test_zip_of_chinese_lyrics_is_read(here):
    symbols = [chr(0x4E00 + index) for index in range(3000)]
    lines = ["".join(symbols[start : start + 10]) for start in range(0, 3000, 10)] * 4
    with zipfile.ZipFile(here / "lyrics.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lyrics.txt", "\r\n".join(lines))
    found = prepare("lyrics", params(raw="lyrics.zip"))
    assert join_splits(found) == " ".join(lines)
    assert found.card.symbols == 3002  # with the space and the reserved id
    assert found.splits["train"]["stream"].dtype == np.uint16


@pytest.mark.parametrize(
    ("content", "changes", "found"),
    [
        ("abcd", {}, "found 4 (2 train, 1 validation, 1 test); wanted at least 2 of each"),
        ("abcdefgh", {"skip": 9}, "found 0 (0 train, 1 validation, 1 test); wanted at least 2 of each"),
        (
            "1234 5678",
            {"alphabet": LETTERS},
            "found 1 (0 train, 1 validation, 1 test); wanted at least 2 of each",
        ),
        ("abcdefgh", {}, "found 8 (6 train, 1 validation, 1 test); wanted at least 2 of each"),
    ],
)
def test_short_text_is_refused(here, error_of, content, changes, found):
    (here / "t.txt").write_text(content)
    message = error_of(prepare, "text", params(**changes))
    assert message == f"t.txt: characters after cleaning: {found}"


def test_late_byte_that_is_not_utf8_is_reported(here, error_of):
    (here / "t.txt").write_bytes(b"a" * 3_000_000 + b"\xff")
    assert "byte 3000000 (0xff)" in error_of(prepare, "text", params())


def test_zip_over_the_size_limit_is_refused(here, error_of):
    with zipfile.ZipFile(here / "t.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t.txt", "a" * 1_000_001)
    assert "unpacks to more than 1 megabytes" in error_of(prepare, "text", params(raw="t.zip"))


MEASURE_MEMORY = """
import resource, sys
from pathlib import Path
from pipeline.data import readers
from pipeline.data.formats import prepare
from pipeline.data.prepared import write
from pipeline.params.datasets import TextParams

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

before = peak()
folder = Path("out")
folder.mkdir()
params = TextParams(format="text", raw="text8.zip", alphabet=sys.argv[1], skip=0, limit=0, max_megabytes=60,
                    validation=0.1, test=0.1, refit=False)
write(prepare("text", params, folder), folder)
print(peak() - before)
"""


@pytest.mark.parametrize("alphabet", [LETTERS, "any"])
def test_memory_does_not_grow_with_the_text(here, alphabet):
    word = np.frombuffer(LETTERS.encode(), np.uint8)[np.random.default_rng(0).integers(0, 27, 1_000_000)].tobytes()
    clean = b" ".join(word.split())
    with zipfile.ZipFile(here / "text8.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("text8", b" ".join([clean] * 60))
    root = str(pipeline.__path__[0] + "/..")
    command = [sys.executable, "-c", MEASURE_MEMORY, alphabet]
    done = subprocess.run(command, env={"PYTHONPATH": root}, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100  # megabytes, for 60 million letters
    found = read(here / "out")
    assert sum(found.card.rows.values()) == 60 * len(clean) + 59
    assert found.vocabulary.decode(found.splits["test"]["stream"][-40:]) == clean[-40:].decode()
