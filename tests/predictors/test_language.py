import math
from itertools import islice

import pytest

from pipeline.codec import UNKNOWN
from pipeline.datasets import prepared as data
from pipeline.history import HELD_OUT
from pipeline.predictors import reading
from pipeline.predictors.strangers import UnknownSymbolWarning
from pipeline.restoring import restored
from pipeline.tasks import TASKS

MODELS = ("text-lstm", "lyrics-lstm", "text-bidirectional", "words-lstm")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("seed", [None, 2])
def test_next_symbols_sum_to_one(loaded, name, seed):
    model = loaded(name, seed=seed)
    found = model.next_char_log_probs("bad" if name == "words-lstm" else "In the wo")
    assert tuple(found) == model.codec.symbols
    assert sum(map(math.exp, found.values())) == pytest.approx(1, abs=1e-12)
    assert model.predict("ad") == max(model.next_char_log_probs("ad").items(), key=lambda pair: pair[1])[0]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("steps", [3, 1 << 11])
def test_a_text_is_as_likely_as_its_steps_are(loaded, monkeypatch, name, steps):
    monkeypatch.setattr(reading, "STEPS", steps)
    model = loaded(name)
    context, text = ("b", "dac") if name == "words-lstm" else ("In the be", "ginning was the word")
    told = [model.next_char_log_probs(context + text[:place])[symbol] for place, symbol in enumerate(text)]
    assert model.sequence_log_prob(text, context) == pytest.approx(sum(told), abs=1e-5)
    assert model.sequence_log_prob("", context) == 0


def test_a_text_is_as_likely_as_evaluate_finds_it(loaded, trained_project):
    model = loaded("lyrics-lstm", seed=1)
    prepared, folder = (
        data.read(trained_project / "data/prepared/lyrics"),
        trained_project / "models/lyrics/lyrics-lstm",
    )
    settings, task = model.trained.settings, TASKS["next-symbol"]
    network = restored(prepared, settings, folder, 1, HELD_OUT)
    stream = prepared.splits["test"]["stream"][: 2 * settings.window + 1]  # one lane
    nats = task.predict(network, task.examples({"stream": stream}, None, settings, "cpu"), settings)["nats"]
    text = prepared.codec.decode(stream)
    # The first window is only read there, after the first symbol.
    found = model.sequence_log_prob(text[settings.window + 1 :], text[1 : settings.window + 1])
    assert found == pytest.approx(-nats.sum(), rel=1e-4)


def test_context_and_text_are_cleaned_as_one(loaded):
    text = loaded("text-lstm")
    assert text.sequence_log_prob(" word", "the ") == text.sequence_log_prob("word", "the ")
    assert text.sequence_log_prob(" ", "the ") == 0
    assert text.sequence_log_prob("a  b", "the") == text.sequence_log_prob("a b", "the")
    words = loaded("words-lstm")
    assert words.sequence_log_prob("d ", " b") == words.sequence_log_prob("d", "b")
    with pytest.warns(UnknownSymbolWarning, match=r"'\.'$"):
        assert text.sequence_log_prob(". The Word", "in") == text.sequence_log_prob(" the word", "in")


def test_unknown_symbols_have_a_share_but_are_never_predicted(loaded):
    lyrics = loaded("lyrics-lstm")
    assert UNKNOWN in lyrics.next_char_log_probs("In")
    assert lyrics.sequence_log_prob(UNKNOWN, "In") == pytest.approx(lyrics.next_char_log_probs("In")[UNKNOWN])
    assert not any(repr(UNKNOWN) in line for line in lyrics.told("In", 1000))
    assert UNKNOWN not in "".join(lyrics.generate("In", 200, 1000.0, 1))


def test_greedy_text_is_the_chain_of_predictions(loaded):
    for name in ("text-lstm", "lyrics-lstm"):
        model, written = loaded(name), "In the"
        for symbol in model.generate(written, 12, temperature=0):
            assert symbol == model.predict(written)
            written += symbol


def test_a_seed_decides_what_is_drawn(loaded):
    model = loaded("text-lstm")
    drawn = ["".join(model.generate("in the", 60, 1.0, seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 60
    assert "".join(islice(model.generate("in the", 10**9, 1.0, 1), 60)) == drawn[0]


def test_words_end_where_the_words_of_the_data_set_do(loaded, fault):
    words = loaded("words-lstm")
    assert len(list(words.generate("a"))) == 3
    assert len(list(words.generate("a", 2))) == 2
    told = "words-lstm: 'adac': found 4 letters to go on from; wanted at most 3, for words end after 4"
    assert fault(words.generate, "adac") == told
    assert fault(words.predict, "adac") == told
    assert "found 4 letters" in fault(words.sequence_log_prob, "cc", "ada")


@pytest.mark.parametrize("length", [0, -3])
@pytest.mark.parametrize("name", ["text-lstm", "words-lstm"])
def test_a_length_that_is_none_is_refused(loaded, fault, name, length):
    assert fault(loaded(name).generate, "a", length) == f"length: found {length}; wanted 1 or more"


def test_what_is_no_text_is_refused(loaded, fault):
    text = loaded("text-lstm")
    for call in (lambda: text.generate(None), lambda: text.sequence_log_prob(None, "a")):
        assert fault(call) == "text-lstm: found None; wanted a text"
    assert fault(text.sequence_log_prob, "a", 5) == "text-lstm: found 5; wanted a text"


@pytest.mark.parametrize("temperature", [-1.0, 1e-9, math.nan, math.inf])
def test_a_temperature_that_is_none_is_refused(loaded, fault, temperature):
    told = fault(loaded("text-lstm").generate, "a", 5, temperature)
    assert told == f"temperature: found {temperature:g}; wanted 0, or a number from 0.001 to 1000"


@pytest.mark.parametrize("name", ["names-lstm", "vowels-lstm", "sums-lstm", "sales-lstm"])
def test_only_language_models_write(loaded, fault, name):
    assert "only a model of task next-symbol writes text" in fault(loaded(name).written, "a", 5, 0.8, 1)
