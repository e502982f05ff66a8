"""The function that fits each baseline named in `descriptions`."""

from collections.abc import Mapping

from pipeline.evaluation.baselines import classify, forecast, next_symbol, regress
from pipeline.evaluation.baselines.base import Fit
from pipeline.params.schema import BASELINE

FITS: Mapping[str, Mapping[str, Fit]] = {  # format -> baseline
    "words": {BASELINE: next_symbol.frequent},
    "text": {
        BASELINE: next_symbol.ngrams,
        "baseline-frequent": next_symbol.frequent,
        "baseline-compressor": next_symbol.compressor,
    },
    "labelled": {BASELINE: classify.ngram_regression, "baseline-frequent": classify.frequent},
    "windows": {BASELINE: classify.suffix_regression, "baseline-frequent": classify.frequent},
    "pairs": {BASELINE: regress.linear, "baseline-mean": regress.mean},
    "series": {
        BASELINE: forecast.boosting,
        "baseline-naive": forecast.seasonal_naive,
        "baseline-median": forecast.median,
    },
}
