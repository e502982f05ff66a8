"""Predictors of one of several labels: classes here, symbols in `language`."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipeline.data.inputs import Encoded, TextReader
from pipeline.data.prepared.vocabulary import Symbols, Vocabulary
from pipeline.inference import oov
from pipeline.inference.base import Predictor, TrainedModel
from pipeline.inference.forward import last_outputs


class LabelPredictor(Predictor):
    """A predictor that reads a text and gives each of its labels a probability.

    Attributes:
        labels: The possible answers: names of classes, or the symbols of the vocabulary.
    """

    answer_columns = ("prediction", "probability")
    reader: TextReader
    vocabulary: Vocabulary

    def __init__(self, trained: TrainedModel) -> None:
        super().__init__(trained)
        classes = trained.prepared.classes
        self.labels = classes or self.vocabulary.symbols
        self._excluded = None if classes else self.vocabulary.unknown  # the label that is never predicted
        self._notified: set[str] = set()

    def probabilities(self, text: str) -> dict[str, float]:
        """Return the probability of each label, the most likely first; they sum to 1.

        Raises:
            InputError: if the model cannot read the text.
        """
        return self._rank(self.encode(text))

    def log_probs(self, items: Sequence[Encoded]) -> NDArray[np.float64]:
        """Return the natural logarithm of each label's probability, (n, k), for n encoded texts and k labels."""
        return last_outputs(self.trained.network, items)

    def predict_index(self, text: str) -> int:
        """Return the index of the most likely label in `labels`.

        Raises:
            InputError: if the model cannot read the text.
        """
        return int(self._most_likely([self.encode(text)])[0][0])

    def encode(self, value: str, *, allow_oov: bool = False) -> Symbols:
        """Clean a text and return the ids of its symbols, (t,); see `Predictor.encode`."""
        symbols = super().encode(value, allow_oov=allow_oov)
        if not allow_oov:
            self._notify_replaced(value)
        return symbols

    def table_cells(self, items: Sequence[Encoded]) -> list[tuple[str, ...]]:
        """Return the most likely label and its probability, rounded: the last digits depend on the batch."""
        indices, shares = self._most_likely(items)
        return [(self.labels[index], f"{share:.6f}") for index, share in zip(indices, shares, strict=True)]

    def describe(self, text: str, top: int) -> list[str]:
        """Return the text, which may have OOV symbols as in a table, and a line for each of the most likely labels."""
        excluded = None if self._excluded is None else self.labels[self._excluded]
        shares = self._rank(self.encode(text, allow_oov=True))
        ranked = [(label, share) for label, share in shares.items() if label != excluded][:top]
        width = max(len(self.format_label(label)) for label, _ in ranked)
        return [text, *(f"  {self.format_label(label):{width}}  {share:.4f}" for label, share in ranked)]

    def describe_all(self, texts: Sequence[str], top: int) -> list[str]:
        """Return the answers to several texts; one notice lists the out-of-vocabulary symbols of all."""
        lines = super().describe_all(texts, top)
        found = [self.reader.oov_symbols(text) for text in texts]
        self.notify_oov(sum(map(bool, found)), len(texts), "inputs", dict.fromkeys(chain.from_iterable(found)))
        return lines

    def format_label(self, label: str) -> str:
        """Return a label as a person reads it."""
        return label

    def _rank(self, item: Encoded) -> dict[str, float]:
        """Return the probability of each label after an encoded text, the most likely first."""
        shares = np.exp(self.log_probs([item])[0])
        order = np.argsort(-shares, kind="stable")
        return {self.labels[index]: float(shares[index]) for index in order}

    def _most_likely(self, items: Sequence[Encoded]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the indices and the probabilities of the most likely labels, (n,) each."""
        shares = np.exp(self.log_probs(items))
        if self._excluded is not None:
            shares[:, self._excluded] = -1
        indices = shares.argmax(1)
        return indices, shares[np.arange(len(shares)), indices]

    def _notify_replaced(self, text: str) -> None:
        """Notify of the symbols of a text that are outside the alphabet, of each once in the life of the predictor.

        Without an alphabet, such a symbol is refused, or the user asked to have it read as `unknown`.
        """
        symbols = self.reader.oov_symbols(text) if self.reader.alphabet else []
        if new := [symbol for symbol in symbols if symbol not in self._notified]:
            self._notified.update(new)
            self.notify(f"{self.name}: {self.reader.oov_description}: {oov.format_symbols(new)}")


class Classifier(LabelPredictor):
    """A classifier of texts: `predict("Yamamoto")` returns "Japanese".

    A symbol that no training row has is refused; write U+FFFD for it to have it read as the `unknown` token.
    """

    def predict(self, value: str) -> str:
        """Return the most likely class of a text."""
        return self.labels[self.predict_index(value)]


class WindowClassifier(LabelPredictor):
    """A classifier of the character after a context: `predict("in the b")` returns the index of its class.

    `labels` has the names of the classes in alphabetical order: 0 is consonant, 1 is vowel. The model reads the last
    characters of a context, as many as a window has. It also reads a shorter one, though it was trained on whole
    windows only. A symbol outside the data set's alphabet is read as a space, as in training; `notify` lists each once.
    """

    def predict(self, value: str) -> int:
        """Return the index in `labels` of the most likely class of the character after a context."""
        return self.predict_index(value)

    def format_label(self, label: str) -> str:
        """Return a class after its index."""
        return f"{self.labels.index(label)} {label}"
