"""Baselines that predict the next symbol, of a text or of words."""

import bz2
import lzma
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.data.prepared import Prepared
from pipeline.evaluation.baselines import bounds
from pipeline.evaluation.baselines.base import Baseline, Bound, FitData, Predict, References, fit_best
from pipeline.evaluation.baselines.ngrams import IntArray, fit_ngrams
from pipeline.evaluation.baselines.samples import describe_sample, sampled
from pipeline.evaluation.references import MetricsOnly, SplitResult
from pipeline.files import Arrays

ORDERS = (6, 1, 2, 3, 4, 5, 7, 8, 10, 12, 16)  # of n-grams, in symbols; the first if no text is held out


def frequent(data: FitData) -> Predict:
    """Predict each symbol with its share of the symbols to predict, after adding 1 to each count."""
    counts = np.bincount(_symbols(data.rows)[0], minlength=data.card.symbols or 0) + 1
    nll, best = -np.log(counts / counts.sum()), counts.argmax()

    def predict(before: Arrays | None, arrays: Arrays) -> SplitResult:
        truth, positions = _symbols(arrays)
        return {"truth": truth, "nll": nll[truth], "best": np.full(len(truth), best), **positions}

    return predict


def ngrams(data: FitData) -> Predict:
    """Fit an n-gram model, whose order is chosen on the validation text."""
    symbols = data.card.symbols or 0

    def fit(rows: Arrays, order: int) -> Predict:
        model = fit_ngrams(_symbols(rows)[0], symbols, order)

        def predict(before: Arrays | None, arrays: Arrays) -> SplitResult:
            truth = _symbols(arrays)[0]
            return {"truth": truth, **model.predict(_past(before), truth)}

        return predict

    return fit_best(sampled(data), ORDERS, fit, _loss)


def compressor(data: FitData) -> Predict:
    """Measure by how many bits a symbol a compressed text grows when the split is appended to it."""

    def fit(rows: Arrays, compress: Callable[[bytes], bytes]) -> Predict:
        text = _bytes(rows)
        size = len(compress(text))

        def measure(before: Arrays | None, arrays: Arrays) -> SplitResult:
            added = len(compress(text + _bytes(arrays))) - size
            return MetricsOnly({"bits_per_symbol": 8 * added / len(arrays["stream"])})

        return measure

    return fit_best(sampled(data), (_bzip2, _lzma), fit, _bits_per_symbol)


def _symbols(arrays: Arrays) -> tuple[IntArray, dict[str, IntArray]]:
    """Return the symbols to predict, in order, and of rows the `row` and `step` of each."""
    if "stream" in arrays:
        return np.asarray(arrays["stream"], dtype=np.int64), {}
    symbols = arrays["symbols"]
    step = np.arange(symbols.shape[1])
    predicted = (step > 0) & (step < arrays["lengths"][:, None])
    row, column = np.nonzero(predicted)
    return symbols[predicted].astype(np.int64), {"row": row.astype(np.int64), "step": column.astype(np.int64)}


def _past(before: Arrays | None) -> IntArray:
    """Return the end of the text before, as much as the longest n-gram needs."""
    return np.asarray(before["stream"][-max(ORDERS) :] if before else (), dtype=np.int64)


def _bytes(arrays: Arrays) -> bytes:
    """Return a text in UTF-8, symbol ids as characters: a byte for each of the first 128, two to four for others."""
    return "".join(map(chr, np.asarray(arrays["stream"]).tolist())).encode("utf-8", "surrogatepass")


def _bzip2(text: bytes) -> bytes:
    return bz2.compress(text, 9)


def _lzma(text: bytes) -> bytes:
    """Compress without a container, whose checksum and padding would add to the size."""
    lzma_filter = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "pb": 0}
    return lzma.compress(text, lzma.FORMAT_RAW, filters=[lzma_filter])


def _loss(result: Any) -> float:
    return float(result["nll"].mean())


def _bits_per_symbol(result: Any) -> float:
    return float(result.metrics["bits_per_symbol"])


WORDS = References(
    {
        "baseline-frequent": Baseline(
            frequent,
            "letter frequencies",
            "Predicts each letter with its share of the letters to predict in the training words, whatever comes "
            "before it.",
        ),
    },
    Bound(
        bounds.next_symbol_bound,
        "The distribution of the letters that follow each prefix in these same words: no model that reads letters from "
        "left to right can do better on them.",
    ),
)
TEXT = References(
    {
        "baseline-ngrams": Baseline(
            ngrams,
            "n-grams with modified Kneser-Ney smoothing",
            "An n-gram model: counts of the symbols that follow the last few symbols in the training text, "
            "interpolated with modified Kneser-Ney smoothing; its order is chosen on the validation text.",
            sampled=True,
        ),
        "baseline-frequent": Baseline(
            frequent,
            "symbol frequencies",
            "Predicts each symbol with its share of the training text, whatever comes before it.",
        ),
        "baseline-compressor": Baseline(
            compressor,
            "a general-purpose compressor",
            "The bits per symbol that a general-purpose compressor (bzip2 or LZMA, the better on the validation text) "
            "adds when the text is appended to the training text.",
            sampled=True,
        ),
    },
)


def find_references(prepared: Prepared) -> References:
    """Return those of one long text, or of words."""
    return replace(TEXT, sample=describe_sample(prepared)) if "stream" in prepared.splits["train"] else WORDS
