import math

import numpy as np
import pytest

from pipeline.evaluation.baselines import next_symbol
from pipeline.evaluation.baselines.base import FitData
from pipeline.evaluation.references import MetricsOnly
from tests.support import small


def fit_data(prepared, rows=None):
    splits = prepared.splits
    return FitData(prepared.card, rows or splits["train"], splits["train"], splits.get("validation"))


def text(symbols: bytes | str, **changes):
    return small.text(symbols if isinstance(symbols, str) else symbols.decode(), **changes)


def test_each_letter_has_its_share_of_the_letters_to_predict_with_one_added_to_the_counts():
    prepared = small.words("ab\nbb\ncb\nca\nac\n", validation=0.0, test=0.0, refit=True)
    rows = prepared.splits["train"]
    found = next_symbol.frequent(fit_data(prepared))(None, rows)
    shares = {0: 2 / 8, 1: 4 / 8, 2: 2 / 8}  # second letters: a once, b three times, c once
    assert list(found["nll"]) == pytest.approx([-math.log(shares[letter]) for letter in found["truth"].tolist()])
    assert set(found["best"].tolist()) == {1}
    assert list(found["row"]) == [0, 1, 2, 3, 4]
    assert set(found["step"].tolist()) == {1}


def test_the_order_is_the_best_one_on_the_validation_text():
    prepared = text("abcdefgh" * 300)
    train, test = prepared.splits["train"], prepared.splits["test"]
    found = next_symbol.ngrams(fit_data(prepared))(train, test)
    assert found["nll"].mean() < 0.02
    assert (found["best"][1:] == found["truth"][1:]).all()  # the test text need not continue the training text


def test_an_n_gram_model_needs_no_held_out_text():
    prepared = text("abcd" * 100, validation=0.0, test=0.0, refit=True)
    rows = prepared.splits["train"]
    assert next_symbol.ngrams(fit_data(prepared))(None, rows)["nll"].mean() < 0.1


def test_a_compressor_is_measured_by_what_a_text_adds():
    random = "".join(np.random.default_rng(1).choice(list("abcdefgh"), 8000).tolist())
    prepared = text(random)
    train, test = prepared.splits["train"], prepared.splits["test"]
    measure = next_symbol.compressor(fit_data(prepared))
    found, known = measure(None, test), measure(None, {"stream": train["stream"][:2000]})
    assert isinstance(found, MetricsOnly)
    assert 3.0 < found.metrics["bits_per_symbol"] < 3.4  # eight symbols, three bits
    assert set(found.metrics) == {"bits_per_symbol"}
    assert isinstance(known, MetricsOnly)


def test_a_compressor_takes_more_symbols_than_a_byte_holds():
    prepared = text("".join(map(chr, range(0x4E00, 0x4E00 + 400))) * 4)
    found = next_symbol.compressor(fit_data(prepared))(None, prepared.splits["test"])
    assert isinstance(found, MetricsOnly)
    assert found.metrics["bits_per_symbol"] > 0
