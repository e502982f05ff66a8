"""Baselines: methods without a network, the least that a model has to beat; and bounds, the best that it could reach.

A module for each task has the functions that fit its baselines, and says which of them a kind of data has; `base` says
what these functions take and return, and `fitting` runs them for stage `baseline`. Nothing here knows of models.
"""

from pipeline.evaluation.baselines import classify, forecast, next_symbol, regress
from pipeline.evaluation.baselines.base import FindReferences

REFERENCES: dict[str, FindReferences] = {
    "next-symbol": next_symbol.find_references,
    "classify": classify.find_references,
    "regress": lambda prepared: regress.NUMBERS,
    "forecast": lambda prepared: forecast.SERIES,
}
