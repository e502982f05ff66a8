import math
from itertools import islice

import pytest

from pipeline.data import prepared as data
from pipeline.errors import InputError
from pipeline.inference import UnknownSymbolWarning, forward
from pipeline.models.network import load_network
from pipeline.models.storage import HELD_OUT
from pipeline.params.schema import UNKNOWN
from pipeline.tasks import TASKS

MODELS = ("text-lstm", "lyrics-lstm", "text-bidirectional", "words-lstm")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("seed", [None, 2])
def test_probabilities_of_the_next_symbol_sum_to_one(loaded, name, seed):
    model = loaded(name, seed=seed)
    found = model.next_char_log_probs("bad" if name == "words-lstm" else "In the wo")
    assert tuple(found) == model.vocabulary.symbols
    assert sum(map(math.exp, found.values())) == pytest.approx(1, abs=1e-12)
    assert model.predict("ad") == max(model.next_char_log_probs("ad").items(), key=lambda pair: pair[1])[0]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("steps", [3, 1 << 11])
def test_sequence_log_prob_is_the_sum_over_its_steps(loaded, monkeypatch, name, steps):
    monkeypatch.setattr(forward, "CHUNK_STEPS", steps)
    model = loaded(name)
    context, text = ("b", "dac") if name == "words-lstm" else ("In the be", "ginning was the word")
    log_probs = [model.next_char_log_probs(context + text[:place])[symbol] for place, symbol in enumerate(text)]
    assert model.sequence_log_prob(text, context) == pytest.approx(sum(log_probs), abs=1e-5)
    assert model.sequence_log_prob("", context) == 0


def test_sequence_log_prob_agrees_with_evaluate(loaded, trained_project):
    model = loaded("lyrics-lstm", seed=1)
    prepared = data.read(trained_project / "data/prepared/lyrics")
    params, task = model.trained.params, TASKS["next-symbol"]
    folder = trained_project / "models/lyrics/lyrics-lstm"
    network = load_network(params, task.shape(prepared.card), folder, 1, HELD_OUT)
    length = params.sequence_length
    stream = prepared.splits["test"]["stream"][: 2 * length + 1]  # one stream, without parallel ones
    nll = task.predict(network, task.examples({"stream": stream}, None, params, "cpu"), params)["nll"]
    text = prepared.vocabulary.decode(stream)
    # `evaluate` only reads the first sequence, after the first symbol.
    found = model.sequence_log_prob(text[length + 1 :], text[1 : length + 1])
    assert found == pytest.approx(-nll.sum(), rel=1e-4)


def test_context_and_text_are_cleaned_as_one_text(loaded):
    text = loaded("text-lstm")
    assert text.sequence_log_prob(" word", "the ") == text.sequence_log_prob("word", "the ")
    assert text.sequence_log_prob(" ", "the ") == 0
    assert text.sequence_log_prob("a  b", "the") == text.sequence_log_prob("a b", "the")
    words = loaded("words-lstm")
    assert words.sequence_log_prob("d ", " b") == words.sequence_log_prob("d", "b")
    with pytest.warns(UnknownSymbolWarning, match=r"'\.'$"):
        assert text.sequence_log_prob(". The Word", "in") == text.sequence_log_prob(" the word", "in")


def test_the_unknown_token_has_a_probability_but_is_never_predicted(loaded):
    lyrics = loaded("lyrics-lstm")
    assert UNKNOWN in lyrics.next_char_log_probs("In")
    assert lyrics.sequence_log_prob(UNKNOWN, "In") == pytest.approx(lyrics.next_char_log_probs("In")[UNKNOWN])
    assert not any(repr(UNKNOWN) in line for line in lyrics.describe("In", 1000))
    assert UNKNOWN not in "".join(lyrics.generate("In", 200, 1000.0, 1))


def test_temperature_0_generates_the_predicted_symbols(loaded):
    for name in ("text-lstm", "lyrics-lstm"):
        model, text = loaded(name), "In the"
        for symbol in model.generate(text, 12, temperature=0):
            assert symbol == model.predict(text)
            text += symbol


def test_the_seed_decides_what_is_generated(loaded):
    model = loaded("text-lstm")
    texts = ["".join(model.generate("in the", 60, 1.0, seed)) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert len(texts[0]) == 60
    assert "".join(islice(model.generate("in the", 10**9, 1.0, 1), 60)) == texts[0]


def test_words_end_at_the_length_of_the_longest_word(loaded, error_line):
    words = loaded("words-lstm")
    assert len(list(words.generate("a"))) == 3
    assert len(list(words.generate("a", 2))) == 2
    line = "words-lstm: 'adac': found 4 letters to continue; wanted at most 3, since words end after 4"
    assert error_line(InputError, words.generate, "adac") == line
    assert error_line(InputError, words.predict, "adac") == line
    assert "found 4 letters" in error_line(InputError, words.sequence_log_prob, "cc", "ada")


@pytest.mark.parametrize("length", [0, -3])
@pytest.mark.parametrize("name", ["text-lstm", "words-lstm"])
def test_a_length_below_1_is_refused(loaded, error_line, name, length):
    line = error_line(InputError, loaded(name).generate, "a", length)
    assert line == f"length: found {length}; wanted 1 or more"


def test_an_input_that_is_not_a_text_is_refused(loaded, error_line):
    text = loaded("text-lstm")
    for call in (lambda: text.generate(None), lambda: text.sequence_log_prob(None, "a")):
        assert error_line(InputError, call) == "text-lstm: found None; wanted a text"
    assert error_line(InputError, text.sequence_log_prob, "a", 5) == "text-lstm: found 5; wanted a text"


@pytest.mark.parametrize("temperature", [-1.0, 1e-9, math.nan, math.inf])
def test_a_temperature_out_of_range_is_refused(loaded, error_line, temperature):
    line = error_line(InputError, loaded("text-lstm").generate, "a", 5, temperature)
    assert line == f"temperature: found {temperature:g}; wanted 0, or a number from 0.001 to 1000"


@pytest.mark.parametrize("name", ["names-lstm", "vowels-lstm", "sums-lstm", "sales-lstm"])
def test_only_language_models_generate(loaded, error_line, name):
    line = error_line(InputError, loaded(name).generate_with_prefix, "a", 5, 0.8, 1)
    assert "only a model of task next-symbol writes text" in line
