"""A CSV of number sequences, each with a target number."""

from pathlib import Path

import numpy as np

from pipeline.data.prepared import DataIssue, Draft, scale
from pipeline.data.readers import MAX_FLOAT32, parse_number, read_columns, shorten
from pipeline.data.splits import stratified_split, take_rows
from pipeline.errors import DataError
from pipeline.params.schema import PairsParams

Pair = tuple[tuple[float, ...], float]


def draft(params: PairsParams, folder: Path | None) -> Draft:
    """Read and split the pairs: a repeated pair counts once, and equal inputs go to the same split."""
    found = _read_pairs(params)
    pairs = list(dict.fromkeys(found))
    inputs = np.array([values for values, _ in pairs], dtype=np.float32)  # (n, t)
    targets = np.array([target for _, target in pairs], dtype=np.float32)  # (n,)
    groups = [repr(values) for values, _ in pairs]
    rows = stratified_split(groups, [""] * len(pairs), params, f"{params.raw}: distinct rows")
    arrays = {"inputs": inputs, "targets": targets}
    splits = take_rows(arrays, rows)
    return Draft(
        "numbers",
        splits,
        scaling={name: scale(splits["train"][name]) for name in arrays},
        issues=tuple(_find_issues(len(found) - len(pairs), len(pairs) - len(set(groups)))),
    )


def _read_pairs(params: PairsParams) -> list[Pair]:
    """Return the rows of the file in order; refuse inputs of different lengths."""
    path = Path(params.raw)
    pairs: list[Pair] = []
    for line, (sequence, target) in read_columns(path, params.inputs, params.target):
        where = f"{path}: line {line}"
        values = parse_numbers(sequence, params, where)
        if not values or (pairs and len(values) != len(pairs[0][0])):
            wanted = len(pairs[0][0]) if pairs else "at least 1"
            raise DataError(f"{where}: {params.inputs}: found {len(values)} values; wanted {wanted}")
        pairs.append((values, _parse_float32(target, params.target, where)))
    if not pairs:
        raise DataError(f"{path}: found no rows under the header; wanted one for each pair")
    return pairs


def parse_numbers(sequence: str, params: PairsParams, where: str) -> tuple[float, ...]:
    """Return the numbers of a sequence that is written as text.

    Args:
        sequence: The text.
        params: The separator, and the name of the column for errors.
        where: The file and line, or the model, that an error names.

    Raises:
        DataError: if a value is not a finite 32-bit number.
    """
    values = sequence.split(params.separator) if params.separator else list(sequence)
    return tuple(_parse_float32(value, params.inputs, where) for value in values)


def _parse_float32(text: str, column: str, where: str) -> float:
    """Return a number rounded to the 32 bits that networks read, so that inputs they cannot tell apart are equal."""
    number = parse_number(text)
    if number is None or abs(number) > MAX_FLOAT32:
        raise DataError(f"{where}: {column}: found {shorten(text)}; wanted a finite number")
    return float(np.float32(number)) + 0.0  # adding 0 turns -0 into 0


def _find_issues(repeats: int, contradictions: int) -> list[DataIssue]:
    issues = []
    if repeats:
        issues.append(DataIssue(found=f"{repeats} repeated rows", done="kept once"))
    if contradictions:
        found = f"{contradictions} rows whose inputs occur in another row with a different target"
        issues.append(DataIssue(found=found, done="kept, in the same split as the other row"))
    return issues
