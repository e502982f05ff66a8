"""Predictors whose answer is one of several possibilities: classes here, symbols in `language`."""

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.codec import UNKNOWN, Codec, Symbols
from pipeline.datasets.labelled import cleaned
from pipeline.datasets.reading import shown
from pipeline.errors import UserError
from pipeline.predictors import strangers
from pipeline.predictors.base import Predictor, Trained
from pipeline.predictors.reading import Item, last_outputs
from pipeline.settings import LabelledSettings, WindowsSettings


class Ranker(Predictor):
    """A predictor that reads symbols and gives each of its `labels` a probability."""

    columns = ("prediction", "probability")
    codec: Codec
    alphabet: str | None = None  # into which cleaning brings every text, where it does

    def __init__(self, trained: Trained, classes: Sequence[str] = ()) -> None:
        super().__init__(trained)
        self.labels = tuple(classes) or self.codec.symbols
        self.hidden = None if classes else self.codec.unknown  # the place of a label that is never predicted
        self._noticed: set[str] = set()

    @abstractmethod
    def cleaned(self, text: str) -> str:
        """Return a text as the network reads it."""

    def probabilities(self, text: str) -> dict[str, float]:
        """Return the probability of each label, the most likely first; they sum to 1."""
        shares = np.exp(self.log_probs([self.read(text)])[0])
        order = np.argsort(-shares, kind="stable")
        return {self.labels[place]: float(shares[place]) for place in order}

    def log_probs(self, items: Sequence[Item]) -> NDArray[np.float64]:
        """Return the natural logarithm of each label's probability, (n, k)."""
        return last_outputs(self.trained.network, items)

    def best(self, text: str) -> int:
        """Return the place of the most likely label."""
        return int(self._best([self.read(text)])[0][0])

    def _best(self, items: Sequence[Item]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the most likely labels' places and probabilities, (n,) each."""
        shares = np.exp(self.log_probs(items))
        if self.hidden is not None:
            shares[:, self.hidden] = -1
        places = shares.argmax(1)
        return places, shares[np.arange(len(shares)), places]

    def read(self, text: str, *, lenient: bool = False) -> Symbols:
        """Clean and encode a text that is not empty."""
        self.refuse_other(text)
        known = self.cleaned(text)
        if not known:
            raise UserError(f"{self.name}: found {shown(text)}; wanted at least one symbol to read")
        if not lenient:
            self.notice(text)
        return self.encoded(known, lenient=lenient)

    def refuse_other(self, *texts: object) -> None:
        """Refuse what is no text."""
        if other := [text for text in texts if not isinstance(text, str)]:
            raise UserError(f"{self.name}: found {shown(other[0])}; wanted a text")

    def encoded(self, text: str, *, lenient: bool = False) -> Symbols:
        """Encode a cleaned text; one that writes U+FFFD for a symbol asks to have it read as `unknown`."""
        try:
            symbols = self.codec.encode(text)
        except UserError as error:
            raise UserError(f"{self.name}: {shown(text)}: {error}") from None
        if not lenient and self.unknown(symbols):
            strange = next((symbol for symbol in text if symbol not in (UNKNOWN, *self.codec.symbols)), None)
            if strange:
                cure = "leave it out, or write U+FFFD for it to have it read as `unknown`"
                raise UserError(f"{self.name}: {shown(text)}: no training row has the symbol {strange!r}; {cure}")
        return symbols

    def unknown(self, item: Item) -> bool:
        """Tell whether an input holds a symbol that no training row has."""
        return self.codec.unknown is not None and bool((item == self.codec.unknown).any())

    def strange(self, text: str) -> list[str]:
        """Return the symbols of a text that are read as if they were another."""
        if self.alphabet is not None:
            return strangers.outside(text, self.alphabet)
        if self.codec.unknown is None:
            return []
        known = self._known
        return [symbol for symbol in dict.fromkeys(self.cleaned(text)) if symbol not in known]

    @property
    def strange_ones(self) -> str:
        """Say what is strange about such symbols, and how they are read."""
        if self.alphabet is None:
            return "symbols that no training row has, read as `unknown`"
        return f"symbols that are not in its alphabet, {'read as a space' if ' ' in self.alphabet else 'left out'}"

    def notice(self, *texts: str) -> None:
        """Tell of symbols that cleaning takes from texts, each once in the life of the predictor."""
        if self.alphabet is None:  # whoever has others read as `unknown` has asked for it
            return
        if fresh := [symbol for symbol in self.strange("".join(texts)) if symbol not in self._noticed]:
            self._noticed.update(fresh)
            self.notify(f"{self.name}: {self.strange_ones}: {strangers.listed(fresh)}")

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.codec.symbols) - {UNKNOWN}

    def told_all(self, texts: Sequence[str], top: int) -> list[str]:
        """Return the answers to several texts; what is to be said of their symbols is said in one line."""
        self.notice(*texts)
        return super().told_all(texts, top)

    def cells(self, items: Sequence[Item]) -> list[tuple[str, ...]]:
        """Return the most likely label and its probability, rounded: the last digits depend on the batch."""
        places, shares = self._best(items)
        return [(self.labels[place], f"{share:.6f}") for place, share in zip(places, shares, strict=True)]

    def told(self, text: str, top: int) -> list[str]:
        """Return the text and the most likely labels, a line each."""
        never = None if self.hidden is None else self.labels[self.hidden]
        ranked = [pair for pair in self.probabilities(text).items() if pair[0] != never][:top]
        width = max(len(self.shown(label)) for label, _ in ranked)
        return [text, *(f"  {self.shown(label):{width}}  {share:.4f}" for label, share in ranked)]

    def shown(self, label: str) -> str:
        """Return a label as a person reads it."""
        return label


class Classifier(Ranker):
    """Names the class of a text: `predict("Yamamoto")` gives "Japanese"."""

    def __init__(self, trained: Trained, settings: LabelledSettings) -> None:
        super().__init__(trained, trained.prepared.classes)
        self.column = settings.text

    def predict(self, given: str) -> str:
        """Return the most likely class."""
        return self.labels[self.best(given)]

    def cleaned(self, text: str) -> str:
        """Strip a text and compose its accents."""
        return cleaned(text)


class WindowClassifier(Ranker):
    """Says which class the character after a context has: `predict("in the b")` gives its place, 0 or 1 of two.

    `labels` names the classes by place; they stand in alphabetical order, so 0 is consonant and 1 is vowel.
    Of a context longer than the windows of the data set the end counts; a shorter one is read as it is,
    though the network was trained on whole windows only. Symbols outside the data set's alphabet are read
    as a space, as they were for training; an UnknownSymbolWarning names each the first time.
    """

    column = "context"
    alphabet: str

    def __init__(self, trained: Trained, settings: WindowsSettings) -> None:
        super().__init__(trained, trained.prepared.classes)
        self.alphabet, self.width = settings.alphabet, settings.width

    def predict(self, given: str) -> int:
        """Return the place of the most likely class among `labels`."""
        return self.best(given)

    def cleaned(self, text: str) -> str:
        """Bring a text into the alphabet."""
        return strangers.in_alphabet(text, self.alphabet)

    def read(self, text: str, *, lenient: bool = False) -> Symbols:
        """Clean and encode the last characters of a text."""
        return super().read(text, lenient=lenient)[-self.width :]

    def shown(self, label: str) -> str:
        """Return a class with its place."""
        return f"{self.labels.index(label)} {label}"
