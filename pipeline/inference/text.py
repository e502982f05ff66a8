"""Predictors of one of several labels: classes here, symbols in `language`."""

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.data.formats.labelled import clean_text
from pipeline.data.readers import shorten
from pipeline.data.vocabulary import Symbols, Vocabulary
from pipeline.errors import DataError, InputError
from pipeline.inference import oov
from pipeline.inference.base import Predictor, TrainedModel
from pipeline.inference.forward import Encoded, last_outputs
from pipeline.params.schema import UNKNOWN, LabelledParams, WindowsParams


class LabelPredictor(Predictor):
    """A predictor that reads a text and gives each of its labels a probability.

    Attributes:
        labels: The possible answers: names of classes, or the symbols of the vocabulary.
        alphabet: The symbols into which cleaning brings every text; None if it keeps all symbols.
    """

    answer_columns = ("prediction", "probability")
    vocabulary: Vocabulary
    alphabet: str | None = None

    def __init__(self, trained: TrainedModel, classes: Sequence[str] = ()) -> None:
        super().__init__(trained)
        self.labels = tuple(classes) or self.vocabulary.symbols
        self._excluded = None if classes else self.vocabulary.unknown  # the label that is never predicted
        self._notified: set[str] = set()

    @abstractmethod
    def clean(self, text: str) -> str:
        """Return a text as the network reads it."""

    def probabilities(self, text: str) -> dict[str, float]:
        """Return the probability of each label, the most likely first; they sum to 1.

        Raises:
            InputError: if the model cannot read the text.
        """
        shares = np.exp(self.log_probs([self.encode(text)])[0])
        order = np.argsort(-shares, kind="stable")
        return {self.labels[index]: float(shares[index]) for index in order}

    def log_probs(self, items: Sequence[Encoded]) -> NDArray[np.float64]:
        """Return the natural logarithm of each label's probability, (n, k), for n encoded texts and k labels."""
        return last_outputs(self.trained.network, items)

    def predict_index(self, text: str) -> int:
        """Return the index of the most likely label in `labels`.

        Raises:
            InputError: if the model cannot read the text.
        """
        return int(self._most_likely([self.encode(text)])[0][0])

    def encode(self, text: str, *, allow_oov: bool = False) -> Symbols:
        """Clean a text and return the ids of its symbols, (t,); see `Predictor.encode`."""
        self._require_text(text)
        cleaned = self.clean(text)
        if not cleaned:
            raise InputError(f"{self.name}: found {shorten(text)}; wanted at least one symbol to read")
        if not allow_oov:
            self._notify_oov(text)
        return self._encode_cleaned(cleaned, allow_oov=allow_oov)

    def oov_symbols(self, text: str) -> list[str]:
        """Return the out-of-vocabulary symbols of a text, each once."""
        if self.alphabet is not None:
            return oov.find_oov(text, self.alphabet)
        if self.vocabulary.unknown is None:
            return []
        return [symbol for symbol in dict.fromkeys(self.clean(text)) if symbol not in self._known_symbols]

    @property
    def oov_description(self) -> str:
        """Describe what makes a symbol out-of-vocabulary for this model, and how it is read."""
        if self.alphabet is None:
            return "symbols that no training row has, read as `unknown`"
        return f"symbols that are not in its alphabet, {'read as a space' if ' ' in self.alphabet else 'left out'}"

    def table_cells(self, items: Sequence[Encoded]) -> list[tuple[str, ...]]:
        """Return the most likely label and its probability, rounded: the last digits depend on the batch."""
        indices, shares = self._most_likely(items)
        return [(self.labels[index], f"{share:.6f}") for index, share in zip(indices, shares, strict=True)]

    def describe(self, text: str, top: int) -> list[str]:
        """Return the text, and a line for each of the `top` most likely labels."""
        excluded = None if self._excluded is None else self.labels[self._excluded]
        ranked = [(label, share) for label, share in self.probabilities(text).items() if label != excluded][:top]
        width = max(len(self.format_label(label)) for label, _ in ranked)
        return [text, *(f"  {self.format_label(label):{width}}  {share:.4f}" for label, share in ranked)]

    def describe_all(self, texts: Sequence[str], top: int) -> list[str]:
        """Return the answers to several texts; one notice lists the out-of-vocabulary symbols of all."""
        self._notify_oov(*texts)
        return super().describe_all(texts, top)

    def format_label(self, label: str) -> str:
        """Return a label as a person reads it."""
        return label

    def _most_likely(self, items: Sequence[Encoded]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the indices and the probabilities of the most likely labels, (n,) each."""
        shares = np.exp(self.log_probs(items))
        if self._excluded is not None:
            shares[:, self._excluded] = -1
        indices = shares.argmax(1)
        return indices, shares[np.arange(len(shares)), indices]

    def _require_text(self, *texts: object) -> None:
        if other := [text for text in texts if not isinstance(text, str)]:
            raise InputError(f"{self.name}: found {shorten(other[0])}; wanted a text")

    def _encode_cleaned(self, text: str, *, allow_oov: bool = False) -> Symbols:
        """Encode a cleaned text; a U+FFFD in it is read as the `unknown` token, by the user's own wish."""
        try:
            symbols = self.vocabulary.encode(text)
        except DataError as error:
            raise InputError(f"{self.name}: {shorten(text)}: {error}") from None
        if not allow_oov and self.vocabulary.unknown is not None and (symbols == self.vocabulary.unknown).any():
            found = next((symbol for symbol in text if symbol not in (UNKNOWN, *self.vocabulary.symbols)), None)
            if found:
                cure = "leave it out, or write U+FFFD for it to have it read as `unknown`"
                raise InputError(f"{self.name}: {shorten(text)}: no training row has the symbol {found!r}; {cure}")
        return symbols

    def _notify_oov(self, *texts: str) -> None:
        """Notify of the symbols outside the alphabet in the texts, of each once in the life of the predictor."""
        if self.alphabet is None:  # such a symbol is refused, or the user asked to have it read as `unknown`
            return
        if new := [symbol for symbol in self.oov_symbols("".join(texts)) if symbol not in self._notified]:
            self._notified.update(new)
            self.notify(f"{self.name}: {self.oov_description}: {oov.format_symbols(new)}")

    @cached_property
    def _known_symbols(self) -> frozenset[str]:
        return frozenset(self.vocabulary.symbols) - {UNKNOWN}


class Classifier(LabelPredictor):
    """A classifier of texts: `predict("Yamamoto")` returns "Japanese".

    A symbol that no training row has is refused; write U+FFFD for it to have it read as the `unknown` token.
    """

    def __init__(self, trained: TrainedModel, params: LabelledParams) -> None:
        super().__init__(trained, trained.prepared.classes)
        self.column = params.text

    def predict(self, value: str) -> str:
        """Return the most likely class of a text."""
        return self.labels[self.predict_index(value)]

    def clean(self, text: str) -> str:
        """Strip a text and compose its accents."""
        return clean_text(text)


class WindowClassifier(LabelPredictor):
    """A classifier of the character after a context: `predict("in the b")` returns the index of its class.

    `labels` has the names of the classes in alphabetical order: 0 is consonant, 1 is vowel. The model reads the last
    `width` characters of a context. It also reads a shorter one, though it was trained on whole windows only. A symbol
    outside the data set's alphabet is read as a space, as in training; `notify` lists each once.
    """

    column = "context"
    alphabet: str

    def __init__(self, trained: TrainedModel, params: WindowsParams) -> None:
        super().__init__(trained, trained.prepared.classes)
        self.alphabet, self.width = params.alphabet, params.width

    def predict(self, value: str) -> int:
        """Return the index in `labels` of the most likely class of the character after a context."""
        return self.predict_index(value)

    def clean(self, text: str) -> str:
        """Bring a text into the alphabet."""
        return oov.fit_text(text, self.alphabet)

    def encode(self, text: str, *, allow_oov: bool = False) -> Symbols:
        """Clean a context and return the ids of its last symbols, (t,), at most `width`; see `Predictor.encode`."""
        return super().encode(text, allow_oov=allow_oov)[-self.width :]

    def format_label(self, label: str) -> str:
        """Return a class after its index."""
        return f"{self.labels.index(label)} {label}"
