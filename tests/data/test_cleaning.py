import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.data import cleaning, readers
from pipeline.data.cleaning import read_cleaned
from pipeline.params.datasets import TextParams

LETTERS = "abcdefghijklmnopqrstuvwxyz "
characters = st.text(st.characters(max_codepoint=0x2FF, exclude_characters="İ\ufeff\0") | st.sampled_from("\r\n aA"))
with_files = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


def params(**changes):
    values = {"format": "text", "raw": "t.txt", "alphabet": "any", "skip": 0, "limit": 0, "max_megabytes": 1}
    return TextParams(**values | {"validation": 0.1, "test": 0.1, "refit": False} | changes)


def clean(params):
    return "".join(map(chr, np.concatenate([*read_cleaned(params), np.empty(0, np.uint32)])))


def clean_text(here, text, alphabet, skip=0, limit=0):
    (here / "t.txt").write_bytes(("." + text).encode())  # never empty
    return clean(params(alphabet=alphabet, skip=skip, limit=limit))


@with_files
@given(characters, st.integers(1, 5))
def test_run_of_symbols_outside_the_alphabet_becomes_one_space(here, text, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers, "BLOCK", size)
        assert clean_text(here, text, LETTERS) == re.sub("[^a-z]+", " ", ("." + text).lower())


@with_files
@given(characters, st.integers(1, 5))
def test_alphabet_any_keeps_all_symbols_but_newlines(here, text, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers, "BLOCK", size)
        expected = ("." + text).replace("\r\n", " ").replace("\r", " ").replace("\n", " ")
        assert clean_text(here, text, "any") == expected


@with_files
@given(characters, st.integers(0, 12), st.integers(0, 12), st.sampled_from([LETTERS, "any"]))
def test_skip_and_limit_count_characters_after_cleaning(here, text, skip, limit, alphabet):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers, "BLOCK", 8)
        patch.setattr(cleaning, "PIECE", 3)
        whole = clean_text(here, text, alphabet)
        assert clean_text(here, text, alphabet, skip, limit) == whole[skip : skip + limit if limit else None]


@pytest.mark.parametrize(
    ("alphabet", "expected"),
    [("abC ", " abC ab "), ("acgt", "acca"), ("ABC", "AC")],
)
def test_capital_is_lowered_only_if_the_alphabet_lacks_it(here, alphabet, expected):
    text = {"abC ": "abC cAb!", "acgt": "A\nb cCa", "ABC": "aA-bC"}[alphabet]
    assert clean_text(here, text, alphabet) == expected


def test_byte_order_mark_is_dropped(here):
    (here / "t.txt").write_bytes("\ufeffab".encode())
    assert clean(params()) == "ab"
