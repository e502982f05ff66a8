import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from pipeline.datasets import reading
from pipeline.datasets.cleaning import cleaned
from pipeline.settings import TextSettings

LETTERS = "abcdefghijklmnopqrstuvwxyz "
characters = st.text(st.characters(max_codepoint=0x2FF, exclude_characters="İ\ufeff") | st.sampled_from("\r\n aA"))
files = trying(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


def text_of(here, text, alphabet, skip=0, limit=0):
    (here / "t.txt").write_bytes(("." + text).encode())  # never empty
    values = {
        "format": "text",
        "raw": "t.txt",
        "megabytes": 1,
        "validation": 0.1,
        "test": 0.1,
        "refit": False,
    }
    found = list(cleaned(TextSettings(**values, alphabet=alphabet, skip=skip, limit=limit)))
    return "".join(map(chr, np.concatenate([*found, np.empty(0, np.uint32)])))


@files
@given(characters, st.integers(1, 5))
def test_runs_outside_the_alphabet_become_one_space(here, text, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "BLOCK", size)
        assert text_of(here, text, LETTERS) == re.sub("[^a-z]+", " ", ("." + text).lower())


@files
@given(characters, st.integers(1, 5))
def test_any_alphabet_keeps_all_but_newlines(here, text, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "BLOCK", size)
        wanted = ("." + text).replace("\r\n", " ").replace("\r", " ").replace("\n", " ")
        assert text_of(here, text, "any") == wanted


@files
@given(characters, st.integers(0, 12), st.integers(0, 12), st.sampled_from([LETTERS, "any"]))
def test_skip_and_limit_count_clean_characters(here, text, skip, limit, alphabet):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "BLOCK", 3)
        whole = text_of(here, text, alphabet)
        assert text_of(here, text, alphabet, skip, limit) == whole[skip : skip + limit if limit else None]


@pytest.mark.parametrize(
    ("alphabet", "wanted"),
    [("abC ", " abC ab "), ("acgt", "acca"), ("ABC", "AC")],
)
def test_letters_are_lowered_only_to_fit(here, alphabet, wanted):
    text = {"abC ": "abC cAb!", "acgt": "A\nb cCa", "ABC": "aA-bC"}[alphabet]
    assert text_of(here, text, alphabet) == wanted


def test_a_byte_order_mark_goes(here):
    (here / "t.txt").write_bytes("\ufeffab".encode())
    values = {
        "format": "text",
        "raw": "t.txt",
        "megabytes": 1,
        "validation": 0.1,
        "test": 0.1,
        "refit": False,
    }
    found = cleaned(TextSettings(**values, alphabet="any", skip=0, limit=0))
    assert "".join(map(chr, np.concatenate(list(found)))) == "ab"
