"""The function behind each baseline that `descriptions` names."""

from collections.abc import Mapping

from pipeline.baselines import classify, forecast, next_symbol, regress
from pipeline.baselines.learning import Fit
from pipeline.references import BASELINE

FITS: Mapping[str, Mapping[str, Fit]] = {  # format -> baseline
    "words": {BASELINE: next_symbol.frequent},
    "text": {
        BASELINE: next_symbol.ngrams,
        "baseline-frequent": next_symbol.frequent,
        "baseline-compressor": next_symbol.compressor,
    },
    "labelled": {BASELINE: classify.by_runs, "baseline-frequent": classify.frequent},
    "windows": {BASELINE: classify.by_endings, "baseline-frequent": classify.frequent},
    "pairs": {BASELINE: regress.linear, "baseline-mean": regress.mean},
    "series": {
        BASELINE: forecast.boosting,
        "baseline-naive": forecast.seasonal_naive,
        "baseline-median": forecast.median,
    },
}
