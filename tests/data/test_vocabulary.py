import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data.prepared.vocabulary import Vocabulary, code_points, pad
from pipeline.params.schema import UNKNOWN

texts = st.text(st.characters(exclude_characters=UNKNOWN, exclude_categories=["Cs"]), min_size=1)


def test_symbols_are_sorted_by_code_point():
    assert Vocabulary.closed("bca").symbols == ("a", "b", "c")
    assert Vocabulary.closed("bca").encode("abc").tolist() == [0, 1, 2]


def test_closed_vocabulary_refuses_an_oov_symbol_and_shows_it(error_of):
    assert error_of(Vocabulary.closed("abc").encode, "abß") == "found symbol 'ß'; wanted one of 'abc'"


def test_long_alphabet_is_shortened_in_the_error(error_of):
    alphabet = "".join(map(chr, range(0x4E00, 0x5E00)))
    assert len(error_of(Vocabulary.closed(alphabet).encode, "a")) < 120


def test_closed_vocabulary_has_no_unknown_id():
    assert Vocabulary.closed("ab").unknown is None


def test_open_vocabulary_encodes_oov_symbols_as_unknown():
    vocabulary = Vocabulary.open("ba")
    assert vocabulary.unknown == 0
    assert vocabulary.size == 3
    assert vocabulary.encode("abxy").tolist() == [1, 2, 0, 0]
    assert vocabulary.decode([1, 2, 0]) == "ab" + UNKNOWN


def test_replacement_character_is_encoded_as_unknown():
    assert Vocabulary.open("a" + UNKNOWN).symbols == (UNKNOWN, "a")


@given(texts)
def test_decoding_reverses_encoding(text):
    for vocabulary in (Vocabulary.closed(text), Vocabulary.open(text)):
        assert vocabulary.decode(vocabulary.encode(text)) == text
        assert Vocabulary(vocabulary.symbols) == vocabulary


@given(st.text(), texts)
def test_open_vocabulary_encodes_any_text(text, training):
    assert len(Vocabulary.open(training).encode(text)) == len(text) == len(code_points(text))


@pytest.mark.parametrize(("count", "dtype"), [(256, np.uint8), (257, np.uint16), (65_537, np.uint32)])
def test_ids_have_the_smallest_type(count, dtype):
    symbols = [chr(0x10000 + index) for index in range(count)]
    vocabulary = Vocabulary.closed(symbols)
    assert vocabulary.encode(symbols[-1]).dtype == dtype
    assert vocabulary.encode(symbols[-1]).tolist() == [count - 1]


def test_rows_are_padded_on_the_right():
    vocabulary = Vocabulary.closed("abc")
    symbols, lengths = pad([vocabulary.encode("bc"), vocabulary.encode(""), vocabulary.encode("cba")])
    assert symbols.tolist() == [[1, 2, 0], [0, 0, 0], [2, 1, 0]]
    assert symbols.dtype == np.uint8
    assert lengths.tolist() == [2, 0, 3]
    assert lengths.dtype == np.int32


def test_no_rows_pad_to_an_empty_array():
    symbols, lengths = pad([])
    assert symbols.shape == (0, 0)
    assert lengths.shape == (0,)


@given(st.lists(st.text("abc")))
def test_padding_and_lengths_restore_the_rows(rows):
    vocabulary = Vocabulary.closed("abc")
    symbols, lengths = pad([vocabulary.encode(row) for row in rows])
    assert [vocabulary.decode(row[:n]) for row, n in zip(symbols, lengths, strict=True)] == rows
