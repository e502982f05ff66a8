import pytest

from pipeline.datasets.formats import prepare
from pipeline.settings import WordsSettings

SETTINGS = WordsSettings(
    format="words", raw="w.txt", alphabet="abcdé", validation=0.1, test=0.2, split_seed=1, refit=True
)
WORDS = ["ab", "ba", "cab", "dad", "bad", "abba", "bé", "add", "dab", "cad"]


def prepared(here, content):
    (here / "w.txt").write_bytes(content if isinstance(content, bytes) else content.encode())
    return prepare("words", SETTINGS)


def words_of(found):
    return [
        found.codec.decode(row[:length])
        for arrays in found.splits.values()
        for row, length in zip(arrays["symbols"], arrays["lengths"], strict=True)
    ]


def test_words_are_encoded_and_split(here):
    found = prepared(here, "\n".join(WORDS))
    assert sorted(words_of(found)) == sorted(WORDS)
    assert found.card.rows == {"train": 7, "validation": 1, "test": 2}
    assert found.card.symbols == 5
    assert found.card.unit == "words"
    assert found.card.faults == ()
    assert found.classes == ()


def test_windows_line_ends_blanks_and_repeats_change_nothing_but_the_faults(here):
    plain = prepared(here, "\n".join(WORDS))
    messy = prepared(here, "\ufeff" + "\r\n\r\n".join(WORDS) + "  \r\nab\r\n")
    assert messy.card.digest == plain.card.digest
    assert [fault.found for fault in messy.card.faults] == ["1 repeated words"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("ab\n\nax\n", "w.txt: line 3: found symbol 'x'; wanted one of 'abcdé' (alphabet)"),
        ("ab\na\n", "w.txt: line 2: found 'a'; wanted at least two letters"),
        ("\n \n", "w.txt: found no words; wanted one a line"),
        ("", "w.txt: the file is empty; wanted data"),
        (b"ab\nb\xe9\n", "w.txt: byte 4 (0xe9) is not UTF-8; save the file as UTF-8"),
        (
            "ab\nba\nab\n",
            "w.txt: distinct words: found 2 (0 train, 1 validation, 1 test); wanted at least 1 of each",
        ),
    ],
)
def test_bad_words_are_refused(here, fault, content, found):
    assert fault(prepared, here, content) == found


def test_a_missing_file_is_named(here, fault):
    assert fault(prepare, "words", SETTINGS).startswith("w.txt: no such file; ")
