import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codec import UNKNOWN, Codec, pad, points

texts = st.text(st.characters(exclude_characters=UNKNOWN, exclude_categories=["Cs"]), min_size=1)


def test_symbols_stand_in_the_order_of_their_code_points():
    assert Codec.closed("bca").symbols == ("a", "b", "c")
    assert Codec.closed("bca").encode("abc").tolist() == [0, 1, 2]


def test_a_closed_alphabet_refuses_another_symbol_and_shows_it(fault):
    assert fault(Codec.closed("abc").encode, "abß") == "found symbol 'ß'; wanted one of 'abc'"


def test_a_long_alphabet_is_cut_in_the_error(fault):
    alphabet = "".join(map(chr, range(0x4E00, 0x5E00)))
    assert len(fault(Codec.closed(alphabet).encode, "a")) < 120


def test_a_closed_alphabet_has_no_unknown_symbol(fault):
    assert Codec.closed("ab").unknown is None
    assert "U+FFFD" in fault(Codec.closed, "ab" + UNKNOWN)


def test_an_open_vocabulary_encodes_all_other_symbols_as_unknown():
    codec = Codec.open("ba")
    assert codec.unknown == 0
    assert codec.size == 3
    assert codec.encode("abxy").tolist() == [1, 2, 0, 0]
    assert codec.decode([1, 2, 0]) == "ab" + UNKNOWN


def test_the_replacement_character_itself_is_unknown():
    assert Codec.open("a" + UNKNOWN).symbols == (UNKNOWN, "a")


@given(texts)
def test_decoding_undoes_encoding(text):
    for codec in (Codec.closed(text), Codec.open(text)):
        assert codec.decode(codec.encode(text)) == text
        assert Codec(codec.symbols) == codec


@given(st.text(), texts)
def test_an_open_vocabulary_takes_any_text(text, training):
    assert len(Codec.open(training).encode(text)) == len(text) == len(points(text))


@pytest.mark.parametrize(("count", "dtype"), [(256, np.uint8), (257, np.uint16), (65_537, np.uint32)])
def test_ids_take_the_smallest_type(count, dtype):
    symbols = [chr(0x10000 + place) for place in range(count)]
    codec = Codec.closed(symbols)
    assert codec.encode(symbols[-1]).dtype == dtype
    assert codec.encode(symbols[-1]).tolist() == [count - 1]


def test_padding_fills_on_the_right():
    codec = Codec.closed("abc")
    symbols, lengths = pad([codec.encode("bc"), codec.encode(""), codec.encode("cba")])
    assert symbols.tolist() == [[1, 2, 0], [0, 0, 0], [2, 1, 0]]
    assert symbols.dtype == np.uint8
    assert lengths.tolist() == [2, 0, 3]
    assert lengths.dtype == np.int32


def test_no_rows_pad_to_nothing():
    symbols, lengths = pad([])
    assert symbols.shape == (0, 0)
    assert lengths.shape == (0,)


@given(st.lists(st.text("abc")))
def test_lengths_give_back_the_rows(rows):
    codec = Codec.closed("abc")
    symbols, lengths = pad([codec.encode(row) for row in rows])
    assert [codec.decode(row[:n]) for row, n in zip(symbols, lengths, strict=True)] == rows
