"""Language models: the probabilities of what comes next, and of whole continuations."""

from collections.abc import Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipeline import generation
from pipeline.codec import Symbols
from pipeline.datasets.cleaning import ANY
from pipeline.datasets.reading import shown
from pipeline.errors import UserError
from pipeline.predictors import strangers
from pipeline.predictors.base import Trained
from pipeline.predictors.ranking import Ranker
from pipeline.predictors.reading import steps
from pipeline.settings import TextSettings, WordsSettings

LEAST, MOST = 0.001, 1000.0  # temperatures other than 0


class LanguageModel(Ranker):
    """Tells what comes after a context: `predict("in the beginnin")` gives "g".

    A model has no sign for the start of a text, so a context holds at least one symbol. The data set's
    vocabulary may reserve a symbol for all those that no training row has, shown as U+FFFD: it keeps its
    share of the probability, so that all shares sum to 1 and figures agree with those of `evaluate`;
    but it is never predicted and never written. Without such a symbol, those outside a text's alphabet are
    read as a space, as they were for training; an UnknownSymbolWarning names each the first time. In a word
    they are refused.
    """

    def __init__(self, trained: Trained, settings: TextSettings | WordsSettings) -> None:
        super().__init__(trained)
        self.words = isinstance(settings, WordsSettings)
        self.column = "prefix" if self.words else "context"
        self.alphabet = None if self.words or settings.alphabet == ANY else settings.alphabet
        self.longest = _longest(trained) if self.words else None

    def cleaned(self, text: str) -> str:
        """Strip a word; bring a text into the alphabet."""
        return text.strip() if self.words else strangers.in_alphabet(text, self.alphabet or ANY)

    def predict(self, given: str) -> str:
        """Return the most likely next symbol."""
        return self.labels[self.best(given)]

    def next_char_log_probs(self, context: str) -> dict[str, float]:
        """Return the natural logarithm of each next symbol's probability, in the order of the vocabulary."""
        return dict(zip(self.labels, self.log_probs([self.read(context)])[0].tolist(), strict=True))

    def sequence_log_prob(self, text: str, context: str) -> float:
        """Return the natural logarithm of the probability that `text` follows `context`.

        It is the sum over the text's symbols, each of `next_char_log_probs` after all that stands before it,
        but for what cleaning takes away: that adds nothing. So no text gives 0, and so does, in an alphabet
        with a space, a space (or what is read as one) after another: (" the", "in ") is as ("the", "in "),
        and (" ", "in ") gives 0. White space around a word is taken away too.
        """
        self.refuse_other(text, context)
        self.notice(context, text)
        before = self.read(context)
        # Cleaned together: a space that ends the context and one that begins the text are one.
        whole = self.encoded(self.cleaned(context + text))
        self._refuse_beyond(len(whole) - 1, context + text)
        if self.trained.network.both:  # it would read the answer: it is asked a step at a time
            return sum(self._step(whole[:end], int(whole[end])) for end in range(len(before), len(whole)))
        return float(self._along(whole)[len(before) - 1 :].sum())

    def generate(self, prefix: str, length: int = 200, temperature: float = 0.8, seed: int = 1) -> Iterator[str]:
        """Yield up to `length` symbols that go on from a prefix; a word ends where the data set's words do.

        Temperature 0 takes the most likely symbol each time; below 1 likely symbols become likelier.
        """
        if not (temperature == 0 or LEAST <= temperature <= MOST):
            raise UserError(f"temperature: found {temperature:g}; wanted 0, or a number from {LEAST:g} to {MOST:g}")
        if length < 1:
            raise UserError(f"length: found {length}; wanted 1 or more")
        start = self._start(prefix)
        room = length if self.longest is None else min(length, self.longest - len(start))
        return generation.generate(self.trained.network, self.codec, start, room, temperature, seed)

    def written(self, prefix: str, length: int, temperature: float, seed: int) -> Iterator[str]:
        """Yield a prefix as it is read, then what `generate` yields."""
        symbols = self.generate(prefix, length, temperature, seed)
        return chain([self._start(prefix)], symbols)

    def _start(self, prefix: str) -> str:
        return self.codec.decode(self.read(prefix).tolist())

    def read(self, text: str, *, lenient: bool = False) -> Symbols:
        """Clean and encode a context that leaves room for one more symbol."""
        symbols = super().read(text, lenient=lenient)
        self._refuse_beyond(len(symbols), text)
        return symbols

    def shown(self, label: str) -> str:
        """Return a symbol in quotes, for some cannot be seen."""
        return repr(label)

    def _refuse_beyond(self, context: int, text: str) -> None:
        """Refuse a context as long as a whole word."""
        if self.longest is not None and context >= self.longest:
            wanted = f"at most {self.longest - 1}, for words end after {self.longest}"
            raise UserError(f"{self.name}: {shown(text)}: found {context} letters to go on from; wanted {wanted}")

    def _step(self, context: Symbols, symbol: int) -> float:
        return float(self.log_probs([context])[0][symbol])

    def _along(self, symbols: Symbols) -> NDArray[np.float64]:
        """Return the log probability of each symbol but the first, given those before it, (n - 1,)."""
        found, start = [], 1
        for outputs in steps(self.trained.network, symbols[:-1]):
            told = outputs.cpu().numpy()  # (s, k)
            found.append(told[np.arange(len(told)), symbols[start : start + len(told)]])
            start += len(told)
        return np.concatenate([*found, np.empty(0)])


def _longest(trained: Trained) -> int:
    """Return the letters of the longest word of the data set."""
    return max(int(arrays["lengths"].max()) for arrays in trained.prepared.splits.values())
