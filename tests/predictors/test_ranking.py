import unicodedata

import numpy as np
import pytest

from pipeline.predictors import reading
from pipeline.predictors.strangers import UnknownSymbolWarning

NAMES = ["Áax", "Ksaxxx", "éey", "Koz", "sizzz", "Áuyy", "K"]


@pytest.mark.parametrize(("name", "text"), [("names-lstm", "Ksax"), ("vowels-lstm", "the wo"), ("lyrics-lstm", "In")])
def test_probabilities_are_ranked_and_sum_to_one(loaded, name, text):
    shares = list(loaded(name).probabilities(text).values())
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert shares == sorted(shares, reverse=True)


def test_the_prediction_is_the_most_likely(loaded):
    names = loaded("names-lstm")
    assert [names.predict(name) for name in NAMES] == [next(iter(names.probabilities(name))) for name in NAMES]


@pytest.mark.parametrize("portion", [1, 7, 1 << 13])
def test_many_at_once_give_what_each_gives_alone(loaded, monkeypatch, portion):
    monkeypatch.setattr(reading, "PORTION", portion)
    for name in ("names-lstm", "lyrics-lstm", "text-bidirectional"):
        predictor = loaded(name)
        texts = NAMES if name == "names-lstm" else ["In the", "w", "word and"]
        items = [predictor.read(text) for text in texts]
        alone = np.concatenate([predictor.log_probs([item]) for item in items])
        np.testing.assert_allclose(predictor.log_probs(items), alone, atol=1e-5)


def test_asking_twice_gives_the_same_bytes_with_any_number_of_workers(loaded, monkeypatch):
    monkeypatch.setattr(reading, "PORTION", 7)
    predictor = loaded("names-lstm")
    items = [predictor.read(name) for name in NAMES * 5]
    first = predictor.log_probs(items).tobytes()
    for count in ("1", "3"):
        monkeypatch.setenv("PIPELINE_WORKERS", count)
        assert predictor.log_probs(items).tobytes() == first


def test_texts_are_cleaned_as_the_data_set_is(loaded):
    names, text, lyrics = (loaded(f"{name}-lstm") for name in ("names", "text", "lyrics"))
    assert names.probabilities(f" {unicodedata.normalize('NFD', 'Áax')}\n") == names.probabilities("Áax")
    assert text.probabilities("In the  WORD\n") == text.probabilities("in the word ")
    assert lyrics.probabilities("the\nword") == lyrics.probabilities("the word")
    assert lyrics.probabilities("In") != lyrics.probabilities("in")


def test_symbols_that_no_training_row_has_are_refused_unless_asked_for(loaded, fault):
    names = loaded("names-lstm")
    assert fault(names.predict, "Ksж") == (
        "names-lstm: 'Ksж': no training row has the symbol 'ж'; "
        "leave it out, or write U+FFFD for it to have it read as `unknown`"
    )
    assert names.read("K\ufffd").tolist() == names.read("Kж", lenient=True).tolist()
    assert names.predict("K\ufffd") in names.labels
    assert fault(loaded("words-lstm").predict, "az") == "words-lstm: 'az': found symbol 'z'; wanted one of 'abcde'"


def test_symbols_outside_an_alphabet_are_a_space_and_warned_of_once(loaded, recwarn):
    for name in ("text-lstm", "vowels-lstm"):
        model = loaded(name)
        with pytest.warns(UnknownSymbolWarning) as caught:
            assert model.probabilities("in, the, wo") == model.probabilities("in the wo")
        told = f"{name}: symbols that are not in its alphabet, read as a space: ','"
        assert [(str(one.message), one.filename) for one in caught] == [(told, __file__)]
        model.probabilities("In, the wo")
        with pytest.warns(UnknownSymbolWarning, match="'Ж'$"):
            model.predict("In,Ж")
    loaded("lyrics-lstm").predict("In, the\ufffd")
    loaded("names-lstm").predict("K\ufffd")
    assert not recwarn


@pytest.mark.parametrize("name", ["names-lstm", "vowels-lstm", "text-lstm", "words-lstm"])
@pytest.mark.parametrize("given", [None, 5, b"in the", ["a"] * 8])
def test_what_is_no_text_is_refused(loaded, fault, name, given):
    told = f"{name}: found {given!r}; wanted a text"
    assert [fault(loaded(name).predict, given), fault(loaded(name).probabilities, given)] == [told] * 2


@pytest.mark.parametrize(("name", "text"), [("names-lstm", " "), ("text-lstm", ""), ("words-lstm", "\n")])
def test_nothing_is_refused(loaded, fault, name, text):
    assert fault(loaded(name).predict, text) == f"{name}: found {text!r}; wanted at least one symbol to read"


def test_of_vowels_0_is_consonant_and_1_is_vowel(loaded):
    vowels = loaded("vowels-lstm")
    assert vowels.labels == ("consonant", "vowel")
    shares = vowels.probabilities("the wo")
    assert vowels.predict("the wo") == (shares["vowel"] > shares["consonant"])
    assert type(vowels.predict("the wo")) is int


def test_the_end_of_a_long_context_counts_and_a_short_one_is_read(loaded):
    vowels = loaded("vowels-lstm")
    assert vowels.probabilities("In the beginning the wo") == vowels.probabilities(" the wo")
    assert vowels.probabilities("o") != vowels.probabilities("wo")
