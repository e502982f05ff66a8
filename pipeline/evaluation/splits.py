"""The splits on which models and baselines are evaluated."""

from typing import NamedTuple

from pipeline.data.prepared import ALL_ROWS, TRAIN, Prepared, join_splits
from pipeline.files import Arrays


class Split(NamedTuple):
    """A split to evaluate: the fit that is evaluated on it, the arrays before it in time, and its own."""

    fit: str
    before: Arrays | None
    arrays: Arrays


def evaluated_splits(prepared: Prepared) -> dict[str, Split]:
    """Return the splits to evaluate, by name."""
    arrays = prepared.splits
    splits: dict[str, Split] = {}
    if "test" in arrays:
        before_test = {split: arrays[split] for split in ("train", "validation")}
        splits["validation"] = Split(TRAIN, arrays["train"], arrays["validation"])
        # Both, as a model may read further back than the validation split is long.
        splits["test"] = Split(TRAIN, join_splits(before_test), arrays["test"])
    if prepared.card.refit:
        splits[ALL_ROWS] = Split(ALL_ROWS, None, join_splits(arrays))
    return splits
