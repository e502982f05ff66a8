"""Odd params, raw files, folders and requests end a command in one line, and leave former outputs whole."""

from random import Random

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.trials import KINDS, Fuzzer

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("fuzz")]


@pytest.fixture(scope="module")
def fuzzer(tmp_path_factory):
    fuzzer = Fuzzer(tmp_path_factory.mktemp("fuzz"))
    yield fuzzer
    fuzzer.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_command_accepts_or_refuses_in_one_line(fuzzer, kind):
    @seed(1)
    @settings(max_examples=100, database=None)
    @given(st.integers(0, 2**32))
    def trial(number):
        outcome = fuzzer.run(kind, Random(number))
        assert not outcome.is_fault, (outcome.verdict, outcome.arguments, outcome.output[-3000:])

    trial()
