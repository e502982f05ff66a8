import math

import numpy as np
import pytest

from pipeline.baselines import next_symbol
from pipeline.baselines.learning import Lesson
from pipeline.judgement import Measured
from tests import small


def lesson(prepared, rows=None):
    splits = prepared.splits
    return Lesson(prepared.card, rows or splits["train"], splits["train"], splits.get("validation"))


def text(symbols: bytes | str, **changes):
    return small.text(symbols if isinstance(symbols, str) else symbols.decode(), **changes)


def test_each_letter_gets_its_share_of_the_letters_to_predict_plus_one():
    prepared = small.words("ab\nbb\ncb\nca\nac\n", validation=0.0, test=0.0, refit=True)
    rows = prepared.splits["train"]
    found = next_symbol.frequent(lesson(prepared))(None, rows)
    shares = {0: 2 / 8, 1: 4 / 8, 2: 2 / 8}  # second letters: a once, b three times, c once
    assert list(found["nats"]) == pytest.approx([-math.log(shares[letter]) for letter in found["truth"].tolist()])
    assert set(found["best"].tolist()) == {1}
    assert list(found["row"]) == [0, 1, 2, 3, 4]
    assert set(found["step"].tolist()) == {1}


def test_the_order_is_that_which_serves_best_on_the_validation_text():
    prepared = text("abcdefgh" * 300)
    train, test = prepared.splits["train"], prepared.splits["test"]
    found = next_symbol.ngrams(lesson(prepared))(train, test)
    assert found["nats"].mean() < 0.02
    assert (found["best"][1:] == found["truth"][1:]).all()  # the test text need not follow on the training text


def test_an_n_gram_model_needs_no_held_out_text():
    prepared = text("abcd" * 100, validation=0.0, test=0.0, refit=True)
    rows = prepared.splits["train"]
    assert next_symbol.ngrams(lesson(prepared))(None, rows)["nats"].mean() < 0.1


def test_a_compressor_is_measured_by_what_the_text_adds():
    random = "".join(np.random.default_rng(1).choice(list("abcdefgh"), 8000).tolist())
    prepared = text(random)
    train, test = prepared.splits["train"], prepared.splits["test"]
    measure = next_symbol.compressor(lesson(prepared))
    found, known = measure(None, test), measure(None, {"stream": train["stream"][:2000]})
    assert isinstance(found, Measured)
    assert 3.0 < found.metrics["bits_per_symbol"] < 3.4  # eight symbols, three bits
    assert set(found.metrics) == {"bits_per_symbol"}
    assert isinstance(known, Measured)


def test_a_compressor_takes_more_symbols_than_a_byte_holds():
    prepared = text("".join(map(chr, range(0x4E00, 0x4E00 + 400))) * 4)
    found = next_symbol.compressor(lesson(prepared))(None, prepared.splits["test"])
    assert isinstance(found, Measured)
    assert found.metrics["bits_per_symbol"] > 0
