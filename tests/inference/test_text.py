import unicodedata

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.inference import UnknownSymbolWarning, forward

NAMES = ["Áax", "Ksaxxx", "éey", "Koz", "sizzz", "Áuyy", "K"]


@pytest.mark.parametrize(("name", "text"), [("names-lstm", "Ksax"), ("vowels-lstm", "the wo"), ("lyrics-lstm", "In")])
def test_probabilities_are_ranked_and_sum_to_one(loaded, name, text):
    shares = list(loaded(name).probabilities(text).values())
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert shares == sorted(shares, reverse=True)


def test_the_prediction_is_the_most_likely_label(loaded):
    names = loaded("names-lstm")
    assert [names.predict(name) for name in NAMES] == [next(iter(names.probabilities(name))) for name in NAMES]


@pytest.mark.parametrize("steps", [1, 7, 1 << 13])
def test_texts_in_batches_get_the_probabilities_of_each_alone(loaded, monkeypatch, steps):
    monkeypatch.setattr(forward, "BATCH_STEPS", steps)
    for name in ("names-lstm", "lyrics-lstm", "text-bidirectional"):
        predictor = loaded(name)
        texts = NAMES if name == "names-lstm" else ["In the", "w", "word and"]
        items = [predictor.encode(text) for text in texts]
        alone = np.concatenate([predictor.log_probs([item]) for item in items])
        np.testing.assert_allclose(predictor.log_probs(items), alone, atol=1e-5)


def test_results_are_the_same_bytes_with_any_number_of_workers(loaded, monkeypatch):
    monkeypatch.setattr(forward, "BATCH_STEPS", 7)
    predictor = loaded("names-lstm")
    items = [predictor.encode(name) for name in NAMES * 5]
    first = predictor.log_probs(items).tobytes()
    for count in ("1", "3"):
        monkeypatch.setenv("PIPELINE_WORKERS", count)
        assert predictor.log_probs(items).tobytes() == first


def test_texts_are_cleaned_as_in_the_data_set(loaded):
    names, text, lyrics = (loaded(f"{name}-lstm") for name in ("names", "text", "lyrics"))
    assert names.probabilities(f" {unicodedata.normalize('NFD', 'Áax')}\n") == names.probabilities("Áax")
    assert text.probabilities("In the  WORD\n") == text.probabilities("in the word ")
    assert lyrics.probabilities("the\nword") == lyrics.probabilities("the word")
    assert lyrics.probabilities("In") != lyrics.probabilities("in")


def test_symbols_that_no_training_row_has_are_refused_unless_allowed(loaded, error_line):
    names = loaded("names-lstm")
    assert error_line(InputError, names.predict, "Ksж") == (
        "names-lstm: 'Ksж': no training row has the symbol 'ж'; "
        "leave it out, or write U+FFFD for it to have it read as `unknown`"
    )
    assert names.encode("K\ufffd").tolist() == names.encode("Kж", allow_oov=True).tolist()
    assert names.predict("K\ufffd") in names.labels
    line = error_line(InputError, loaded("words-lstm").predict, "az")
    assert line == "words-lstm: 'az': found symbol 'z'; wanted one of 'abcde'"


def test_symbols_outside_an_alphabet_are_read_as_a_space_with_one_warning(loaded, recwarn):
    for name in ("text-lstm", "vowels-lstm"):
        model = loaded(name)
        with pytest.warns(UnknownSymbolWarning) as caught:
            assert model.probabilities("in, the, wo") == model.probabilities("in the wo")
        line = f"{name}: symbols that are not in its alphabet, read as a space: ','"
        assert [(str(one.message), one.filename) for one in caught] == [(line, __file__)]
        model.probabilities("In, the wo")
        with pytest.warns(UnknownSymbolWarning, match="'Ж'$"):
            model.predict("In,Ж")
    loaded("lyrics-lstm").predict("In, the\ufffd")
    loaded("names-lstm").predict("K\ufffd")
    assert not recwarn


@pytest.mark.parametrize("name", ["names-lstm", "vowels-lstm", "text-lstm", "words-lstm"])
@pytest.mark.parametrize("value", [None, 5, b"in the", ["a"] * 8])
def test_an_input_that_is_not_a_text_is_refused(loaded, error_line, name, value):
    model = loaded(name)
    lines = [error_line(InputError, call, value) for call in (model.predict, model.probabilities)]
    assert lines == [f"{name}: found {value!r}; wanted a text"] * 2


@pytest.mark.parametrize(("name", "text"), [("names-lstm", " "), ("text-lstm", ""), ("words-lstm", "\n")])
def test_an_empty_text_is_refused(loaded, error_line, name, text):
    line = error_line(InputError, loaded(name).predict, text)
    assert line == f"{name}: found {text!r}; wanted at least one symbol to read"


def test_index_0_is_consonant_and_1_is_vowel(loaded):
    vowels = loaded("vowels-lstm")
    assert vowels.labels == ("consonant", "vowel")
    shares = vowels.probabilities("the wo")
    assert vowels.predict("the wo") == (shares["vowel"] > shares["consonant"])
    assert type(vowels.predict("the wo")) is int


def test_a_long_context_is_cut_to_its_end_and_a_short_one_is_read(loaded):
    vowels = loaded("vowels-lstm")
    assert vowels.probabilities("In the beginning the wo") == vowels.probabilities(" the wo")
    assert vowels.probabilities("o") != vowels.probabilities("wo")
