"""Baselines that predict the next symbol, of a text or of words."""

import bz2
import lzma
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.artifacts import Arrays
from pipeline.baselines import ngrams as model
from pipeline.baselines.learning import Lesson, Predict, chosen
from pipeline.judgement import Answer, Measured

Whole = NDArray[np.int64]

ORDERS = (6, 1, 2, 3, 4, 5, 7, 8, 10, 12, 16)  # symbols of an n-gram; the first where nothing is held out


def frequent(lesson: Lesson) -> Predict:
    """Give each symbol its share of the symbols to predict, one being added to each count."""
    counts = np.bincount(_symbols(lesson.rows)[0], minlength=lesson.card.symbols or 0) + 1
    nats, best = -np.log(counts / counts.sum()), counts.argmax()

    def predict(before: Arrays | None, arrays: Arrays) -> Answer:
        truth, places = _symbols(arrays)
        return {"truth": truth, "nats": nats[truth], "best": np.full(len(truth), best), **places}

    return predict


def ngrams(lesson: Lesson) -> Predict:
    """Predict from the symbols before, as many of them as serve best on the validation text."""
    symbols = lesson.card.symbols or 0

    def fit(rows: Arrays, order: int) -> Predict:
        learnt = model.learn(_symbols(rows)[0], symbols, order)

        def predict(before: Arrays | None, arrays: Arrays) -> Answer:
            truth = _symbols(arrays)[0]
            return {"truth": truth, **learnt.predict(_past(before), truth)}

        return predict

    return chosen(lesson, ORDERS, fit, _nats)


def compressor(lesson: Lesson) -> Predict:
    """Measure how many bits a symbol costs when it is appended to the learnt text."""

    def fit(rows: Arrays, compress: Callable[[bytes], bytes]) -> Predict:
        primer = _bytes(rows)
        alone = len(compress(primer))

        def measure(before: Arrays | None, arrays: Arrays) -> Answer:
            added = len(compress(primer + _bytes(arrays))) - alone
            return Measured({"bits_per_symbol": 8 * added / len(arrays["stream"])})

        return measure

    return chosen(lesson, (_bzip2, _lzma), fit, _bits)


def _symbols(arrays: Arrays) -> tuple[Whole, dict[str, Whole]]:
    """Return the predicted symbols in order, and for rows the place of each."""
    if "stream" in arrays:
        return np.asarray(arrays["stream"], dtype=np.int64), {}
    symbols = arrays["symbols"]
    step = np.arange(symbols.shape[1])
    predicted = (step > 0) & (step < arrays["lengths"][:, None])
    row, place = np.nonzero(predicted)
    return symbols[predicted].astype(np.int64), {"row": row.astype(np.int64), "step": place.astype(np.int64)}


def _past(before: Arrays | None) -> Whole:
    """Return the end of the text before, which is all that an n-gram can see of it."""
    return np.asarray(before["stream"][-max(ORDERS) :] if before else (), dtype=np.int64)


def _bytes(arrays: Arrays) -> bytes:
    """Write a text with a byte a symbol, or two to four for the rarer of more than 128 symbols."""
    return "".join(map(chr, np.asarray(arrays["stream"]).tolist())).encode("utf-8", "surrogatepass")


def _bzip2(text: bytes) -> bytes:
    return bz2.compress(text, 9)


def _lzma(text: bytes) -> bytes:
    """Compress with nothing around it that grows in steps, such as a checksum or padding."""
    settings = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "pb": 0}
    return lzma.compress(text, lzma.FORMAT_RAW, filters=[settings])


def _nats(answer: Any) -> float:
    return float(answer["nats"].mean())


def _bits(answer: Any) -> float:
    return float(answer.metrics["bits_per_symbol"])
