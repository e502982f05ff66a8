import unicodedata

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.inference import UnknownSymbolWarning, forward

NAMES = ["Áax", "Ksaxxx", "éey", "Koz", "sizzz", "Áuyy", "K"]


@pytest.mark.parametrize(("name", "text"), [("names-lstm", "Ksax"), ("vowels-lstm", "the wo"), ("lyrics-lstm", "In")])
def test_probabilities_are_ranked_and_sum_to_one(loaded, name, text):
    model = loaded(name)
    shares = list(model.probabilities(text).values())
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert shares == sorted(shares, reverse=True)
    assert model.labels[model.predict_index(text)] == next(iter(model.probabilities(text)))


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


@pytest.mark.parametrize(
    ("name", "text", "cleaned"),
    [
        ("names", f" {unicodedata.normalize('NFD', 'Áax')}\n", "Áax"),
        ("text", "In the  WORD\n", "in the word "),
        ("lyrics", "In\nthe", "In the"),
        ("words", " ad\n", "ad"),
        ("vowels", "In the beginning the wo", " the wo"),
    ],
)
def test_texts_are_cleaned_as_in_the_data_set(loaded, name, text, cleaned):
    model = loaded(f"{name}-lstm")
    assert model.probabilities(text) == model.probabilities(cleaned)
    assert model.probabilities(text) != model.probabilities(cleaned[-1])


def test_symbols_that_no_training_row_has_are_refused_unless_allowed(loaded, error_line, recwarn):
    names = loaded("names-lstm")
    line = error_line(InputError, names.predict, "Ksж")
    assert line.startswith("names-lstm: 'Ksж': ")
    assert "the symbol 'ж'" in line
    assert "write U+FFFD" in line
    assert names.encode("K\ufffd").tolist() == names.encode("Kж", allow_oov=True).tolist()
    assert names.predict("K\ufffd") in names.labels
    line = error_line(InputError, loaded("words-lstm").predict, "az")
    assert line.startswith("words-lstm: 'az': found symbol 'z'; wanted one of 'abcde'")
    assert not recwarn


@pytest.mark.parametrize("name", ["text-lstm", "vowels-lstm"])
def test_symbols_outside_an_alphabet_are_read_as_a_space_with_one_warning(loaded, name):
    model = loaded(name)
    with pytest.warns(UnknownSymbolWarning) as caught:
        assert model.probabilities("in, the, wo") == model.probabilities("in the wo")
    line = f"{name}: symbols that are not in its alphabet, read as a space: ','"
    assert [(str(one.message), one.filename) for one in caught] == [(line, __file__)]
    model.probabilities("In, the wo")
    with pytest.warns(UnknownSymbolWarning, match="'Ж'$"):
        model.predict("In,Ж")


@pytest.mark.parametrize("name", ["names-lstm", "vowels-lstm", "text-lstm", "words-lstm"])
@pytest.mark.parametrize(
    ("value", "wanted"),
    [(None, "a text"), (5, "a text"), (b"in the", "a text"), (["a"] * 8, "a text"), ("", "at least one symbol")],
)
def test_an_input_that_is_not_a_text_or_empty_is_refused(loaded, error_line, name, value, wanted):
    model = loaded(name)
    for call in (model.predict, model.probabilities):
        line = error_line(InputError, call, value)
        assert line.startswith(f"{name}: found {value!r}; wanted {wanted}")


def test_index_0_is_consonant_and_1_is_vowel(loaded):
    vowels = loaded("vowels-lstm")
    assert vowels.labels == ("consonant", "vowel")
    shares = vowels.probabilities("the wo")
    assert vowels.predict("the wo") == (shares["vowel"] > shares["consonant"])
    assert type(vowels.predict("the wo")) is int
