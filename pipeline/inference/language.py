"""Language models: the probability of the next symbol and of whole texts, and generated text."""

import math
from collections.abc import Iterator
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from pipeline.data.inputs import input_errors, require_text
from pipeline.data.prepared.vocabulary import Symbols
from pipeline.data.readers import shorten
from pipeline.errors import InputError
from pipeline.inference.forward import step_outputs
from pipeline.inference.labels import LabelPredictor
from pipeline.models import sampling

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.001, 1000.0  # apart from 0


class LanguageModel(LabelPredictor):
    """A model of the next symbol of a text or a word: `predict("in the beginnin")` returns "g".

    A context has at least one symbol, because a model has no token for the start of a text.

    The vocabulary of some data sets has an `unknown` token, shown as U+FFFD, for all symbols that no training row has.
    It keeps its probability, so that probabilities sum to 1 and agree with those of `evaluate`, but it is never
    predicted or generated. Without this token, a symbol outside a text's alphabet is read as a space, as in training,
    and `notify` lists each once; in a word it is refused.
    """

    def predict(self, value: str) -> str:
        """Return the most likely symbol after a context."""
        return self.labels[self.predict_index(value)]

    def next_char_log_probs(self, context: str) -> dict[str, float]:
        """Return the natural logarithm of the probability of each next symbol, in the order of the vocabulary.

        Raises:
            InputError: if the model cannot read the context.
        """
        return dict(zip(self.labels, self.log_probs([self.encode(context)])[0].tolist(), strict=True))

    def sequence_log_prob(self, text: str, context: str) -> float:
        """Return the natural logarithm of the probability of `text` after `context`.

        It is the sum of the log-probabilities of the text's symbols, each after all symbols before it. An empty text
        gives 0. Context and text are cleaned as one text, and what cleaning removes adds nothing: in an alphabet with a
        space, (" the", "in ") gives the same as ("the", "in "), and (" ", "in ") gives 0. White space around a word is
        removed too.

        Raises:
            InputError: if the model cannot read the context or the text.
        """
        with input_errors(f"{self.name}: "):
            both = require_text(context) + require_text(text)
        # As one text: a space at the end of the context and one at the start of the text are one space.
        symbols = super().encode(both)
        self._require_room(len(symbols) - 1, both)
        start = len(self.encode(context))
        if start == len(symbols):
            return 0.0
        steps = zip(self._log_probs_after(symbols, start), symbols[start:], strict=True)
        return math.fsum(log_probs[symbol] for log_probs, symbol in steps)

    def generate(self, prefix: str, length: int = 200, temperature: float = 0.8, seed: int = 1) -> Iterator[str]:
        """Yield the symbols of a generated text, one at a time.

        Args:
            prefix: The text to continue; it is not yielded.
            length: How many symbols to generate. A word ends after as many letters as the data set's longest word has.
            temperature: 0 takes the most likely symbol each time; otherwise from 0.001 to 1000. Below 1 likely symbols
                become likelier.
            seed: The seed of the random draws.

        Raises:
            InputError: if the model cannot read the prefix, or another argument is out of range.
        """
        if not (temperature == 0 or MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE):
            wanted = f"0, or a number from {MIN_TEMPERATURE:g} to {MAX_TEMPERATURE:g}"
            raise InputError(f"temperature: found {temperature:g}; wanted {wanted}")
        if length < 1:
            raise InputError(f"length: found {length}; wanted 1 or more")
        start = self._clean_prefix(prefix)
        longest = self.reader.max_length
        room = length if longest is None else min(length, longest - len(start))
        return sampling.generate(self.trained.network, self.vocabulary, start, room, temperature, seed)

    def generate_with_prefix(self, prefix: str, length: int, temperature: float, seed: int) -> Iterator[str]:
        """Yield the prefix as it is read, then the symbols of `generate`."""
        symbols = self.generate(prefix, length, temperature, seed)
        return chain([self._clean_prefix(prefix)], symbols)

    def encode(self, value: str, *, allow_oov: bool = False) -> Symbols:
        """Clean a context and return the ids of its symbols, (t,); see `Predictor.encode`."""
        symbols = super().encode(value, allow_oov=allow_oov)
        self._require_room(len(symbols), value)
        return symbols

    def format_label(self, label: str) -> str:
        """Return a symbol in quotes, because some symbols are invisible."""
        return repr(label)

    def _clean_prefix(self, prefix: str) -> str:
        return self.vocabulary.decode(self.encode(prefix).tolist())

    def _require_room(self, length: int, text: str) -> None:
        """Refuse a context that is as long as the longest word."""
        longest = self.reader.max_length
        if longest is not None and length >= longest:
            wanted = f"at most {longest - 1}, since words end after {longest}"
            raise InputError(f"{self.name}: {shorten(text)}: found {length} letters to continue; wanted {wanted}")

    def _log_probs_after(self, symbols: Symbols, start: int) -> Iterator[NDArray[np.float64]]:
        """Yield the log-probabilities of all symbols (k,) after the first `start`, `start` + 1 and so on."""
        network = self.trained.network
        if network.bidirectional:  # it would read the symbols to predict
            return iter(self.log_probs([symbols[:end] for end in range(start, len(symbols))]))
        steps = chain.from_iterable(outputs.cpu().numpy() for outputs in step_outputs(network, symbols[:-1]))
        return islice(steps, start - 1, None)
