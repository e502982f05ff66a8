import math
from itertools import islice

import pytest

from pipeline.errors import InputError
from pipeline.inference import UnknownSymbolWarning, forward
from pipeline.params.schema import UNKNOWN

MODELS = ("text-lstm", "lyrics-lstm", "text-bidirectional", "words-lstm")


@pytest.mark.parametrize("name", MODELS)
def test_probabilities_of_the_next_symbol_sum_to_one(loaded, name):
    model = loaded(name)
    found = model.next_char_log_probs("ad")
    assert tuple(found) == model.labels == model.vocabulary.symbols
    assert sum(map(math.exp, found.values())) == pytest.approx(1, abs=1e-12)
    assert model.predict("ad") == max(found, key=found.__getitem__)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("steps", [3, 1 << 11])
def test_sequence_log_prob_is_the_sum_over_its_steps(loaded, monkeypatch, name, steps):
    monkeypatch.setattr(forward, "CHUNK_STEPS", steps)
    model = loaded(name)
    context, text = ("b", "dac") if name == "words-lstm" else ("In the be", "ginning was the word")
    log_probs = [model.next_char_log_probs(context + text[:place])[symbol] for place, symbol in enumerate(text)]
    assert model.sequence_log_prob(text, context) == pytest.approx(sum(log_probs), abs=1e-5)
    assert model.sequence_log_prob("", context) == 0


def test_context_and_text_are_cleaned_as_one_text(loaded):
    text, words = loaded("text-lstm"), loaded("words-lstm")
    assert text.sequence_log_prob(" word", "the ") == text.sequence_log_prob("word", "the ")
    assert text.sequence_log_prob(" ", "the ") == 0
    assert text.sequence_log_prob("a  b", "the") == text.sequence_log_prob("a b", "the")
    assert words.sequence_log_prob("d ", " b") == words.sequence_log_prob("d", "b")
    with pytest.warns(UnknownSymbolWarning, match=r"'\.', ';'$") as caught:
        assert text.sequence_log_prob(". The Word;", "in.") == text.sequence_log_prob("the word ", "in ")
    assert len(caught) == 1


def test_the_unknown_token_has_a_probability_but_is_never_predicted(loaded):
    lyrics = loaded("lyrics-lstm")
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
    assert [len(list(words.generate("a", length))) for length in (2, 200)] == [2, 3]
    for call in (words.generate, words.predict, lambda text: words.sequence_log_prob("a", text)):
        line = error_line(InputError, call, "adac")
        assert line.startswith("words-lstm: 'adac")
        assert "found 4 letters to continue; wanted at most 3" in line


@pytest.mark.parametrize(
    ("arguments", "key", "wanted"),
    [
        (("a", 0), "length: found 0", "1 or more"),
        (("a", -3), "length: found -3", "1 or more"),
        *((("a", 5, value), f"temperature: found {value:g}", "0, or") for value in (-1.0, 1e-9, math.nan, math.inf)),
        ((None,), "found None", "a text"),
    ],
)
@pytest.mark.parametrize("name", ["text-lstm", "words-lstm"])
def test_what_cannot_be_generated_is_refused(loaded, error_line, name, arguments, key, wanted):
    found, _, cure = error_line(InputError, loaded(name).generate, *arguments).partition("; wanted ")
    assert found.removeprefix(f"{name}: ") == key
    assert cure.startswith(wanted)


@pytest.mark.parametrize("name", ["names-lstm", "vowels-lstm", "sums-lstm", "sales-lstm"])
def test_only_language_models_generate(loaded, error_line, name):
    line = error_line(InputError, loaded(name).generate_with_prefix, "a", 5, 0.8, 1)
    assert line.startswith(f"{name}: ")
    assert "next-symbol" in line
