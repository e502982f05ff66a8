"""Fit the baselines of a data set and compute its bound."""

from pathlib import Path

from pipeline.data.prepared import TRAIN, Prepared
from pipeline.determinism import reproducibility
from pipeline.errors import PipelineError
from pipeline.evaluation import references
from pipeline.evaluation.about import Reference
from pipeline.evaluation.baselines import REFERENCES
from pipeline.evaluation.baselines.base import Baseline, Bound, FitData
from pipeline.evaluation.references import FittedReference, FittedReferences, MetricsOnly, SplitResult
from pipeline.evaluation.splits import evaluated_splits
from pipeline.params.schema import BOUND


def fit_all(prepared: Prepared, folder: Path) -> FittedReferences:
    """Fit every baseline of a data set, compute its bound, and write them into `folder`.

    One after the other, in this process: of each data set one of them takes nearly all of the time.

    Raises:
        PipelineError: if memory runs out; the message names data set and baseline.
    """
    known = REFERENCES[prepared.card.task](prepared)
    found = {
        name: FittedReference(
            Reference(short_name=of.short_name, description=of.description + known.sample * of.sampled),
            _fit_named(prepared, name, of),
        )
        for name, of in known.baselines.items()
    }
    if known.bound:
        words = Reference(short_name="the bound", description=known.bound.description)
        found[BOUND] = FittedReference(words, compute_bound(prepared, known.bound))
    fitted = FittedReferences(found, reproducibility("cpu"))
    references.write(fitted, prepared.card, folder)
    return fitted


def fit_baseline(prepared: Prepared, baseline: Baseline) -> dict[str, SplitResult]:
    """Fit a baseline once to the training rows, and where the models have such a fit once to all rows.

    Returns:
        Its result on each split.
    """
    arrays, splits = prepared.splits, evaluated_splits(prepared)
    rows_of_fits = {split.fit: arrays["train"] if split.fit == TRAIN else split.arrays for split in splits.values()}
    predict = {
        fit: baseline.fit(FitData(prepared.card, rows, arrays["train"], arrays.get("validation")))
        for fit, rows in rows_of_fits.items()
    }
    return {name: predict[split.fit](split.before, split.arrays) for name, split in splits.items()}


def compute_bound(prepared: Prepared, bound: Bound) -> dict[str, SplitResult]:
    """Return the bound of each split on which there is one."""
    metrics = {name: bound.compute(split.fit, split.arrays) for name, split in evaluated_splits(prepared).items()}
    return {name: MetricsOnly(values) for name, values in metrics.items() if values}


def _fit_named(prepared: Prepared, name: str, baseline: Baseline) -> dict[str, SplitResult]:
    """Fit a baseline; an error names it and the data set."""
    try:
        return fit_baseline(prepared, baseline)
    except MemoryError:
        raise PipelineError(
            f"{prepared.card.dataset}: not enough memory to fit {name}; free some, or take fewer rows, and run again"
        ) from None
    except Exception as error:
        error.add_note(f"While fitting {name} to data set {prepared.card.dataset}.")
        raise
