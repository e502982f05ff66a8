import pytest

from pipeline.data.formats import prepare
from pipeline.params.datasets import WordsParams

PARAMS = WordsParams(format="words", raw="w.txt", alphabet="abcdé", validation=0.1, test=0.2, split_seed=1, refit=True)
WORDS = ["ab", "ba", "cab", "dad", "bad", "abba", "bé", "add", "dab", "cad"]


def prepare_words(here, content):
    (here / "w.txt").write_bytes(content if isinstance(content, bytes) else content.encode())
    return prepare("words", PARAMS)


def decode_words(found):
    return [
        found.vocabulary.decode(row[:length])
        for arrays in found.splits.values()
        for row, length in zip(arrays["symbols"], arrays["lengths"], strict=True)
    ]


def test_words_are_encoded_and_split(here):
    found = prepare_words(here, "\n".join(WORDS))
    assert sorted(decode_words(found)) == sorted(WORDS)
    assert found.card.rows == {"train": 7, "validation": 1, "test": 2}
    assert found.card.symbols == 5
    assert found.card.unit == "words"
    assert found.card.issues == ()
    assert found.classes == ()


def test_windows_line_ends_blanks_and_repeats_change_only_the_issues(here):
    clean = prepare_words(here, "\n".join(WORDS))
    messy = prepare_words(here, "\ufeff" + "\r\n\r\n".join(WORDS) + "  \r\nab\r\n")
    assert messy.card.digest == clean.card.digest
    assert [issue.found for issue in messy.card.issues] == ["1 words with white space around them", "1 repeated words"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("ab\n\nax\n", "w.txt: line 3: found symbol 'x'; wanted one of 'abcdé' (alphabet)"),
        ("ab\na\n", "w.txt: line 2: found 'a'; wanted at least two letters"),
        ("\n \n", "w.txt: found no words; wanted one per line"),
        ("", "w.txt: the file is empty; wanted data"),
        (b"ab\nb\xe9\n", "w.txt: byte 4 (0xe9) is not UTF-8; save the file as UTF-8"),
        (
            "ab\nba\nab\n",
            "w.txt: distinct words: found 2 (0 train, 1 validation, 1 test); wanted at least 1 of each",
        ),
    ],
)
def test_invalid_words_are_refused(here, error_of, content, found):
    assert error_of(prepare_words, here, content) == found


def test_missing_file_is_reported(here, error_of):
    assert error_of(prepare, "words", PARAMS).startswith("w.txt: no such file; ")
