"""A CSV of number sequences and a number each."""

from pathlib import Path

import numpy as np

from pipeline.datasets.prepared import Draft, Fault, scale
from pipeline.datasets.reading import columns, finite, shown
from pipeline.datasets.splitting import stratified, taken
from pipeline.errors import UserError
from pipeline.settings import PairsSettings

Pair = tuple[tuple[float, ...], float]
LARGEST = float(np.finfo(np.float32).max)


def draft(settings: PairsSettings, folder: Path | None) -> Draft:
    """Read and split the pairs; a repeated pair counts once, and equal inputs stay on one side."""
    found = _pairs(settings)
    pairs = list(dict.fromkeys(found))
    inputs = np.array([values for values, _ in pairs], dtype=np.float32)  # (n, t)
    targets = np.array([target for _, target in pairs], dtype=np.float32)  # (n,)
    groups = [repr(values) for values, _ in pairs]
    rows = stratified(groups, [""] * len(pairs), settings, f"{settings.raw}: distinct rows")
    arrays = {"inputs": inputs, "targets": targets}
    splits = taken(arrays, rows)
    return Draft(
        "numbers",
        splits,
        scaling={name: scale(splits["train"][name]) for name in arrays},
        faults=tuple(_faults(len(found) - len(pairs), len(pairs) - len(set(groups)))),
    )


def _pairs(settings: PairsSettings) -> list[Pair]:
    """Return the rows of the file in their order; all have inputs of one length."""
    path = Path(settings.raw)
    pairs: list[Pair] = []
    for line, (sequence, target) in columns(path, settings.inputs, settings.target):
        where = f"{path}: line {line}"
        values = numbers(sequence, settings, where)
        if not values or (pairs and len(values) != len(pairs[0][0])):
            wanted = len(pairs[0][0]) if pairs else "at least 1"
            raise UserError(f"{where}: {settings.inputs}: found {len(values)} values; wanted {wanted}")
        pairs.append((values, _number(target, settings.target, where)))
    if not pairs:
        raise UserError(f"{path}: found no rows under the header; wanted one a pair")
    return pairs


def numbers(sequence: str, settings: PairsSettings, where: str) -> tuple[float, ...]:
    """Return the numbers of a sequence; `where` says in an error where it stands."""
    cells = sequence.split(settings.separator) if settings.separator else list(sequence)
    return tuple(_number(cell, settings.inputs, where) for cell in cells)


def _number(cell: str, column: str, where: str) -> float:
    """Return a cell's number as the 32-bit float that networks read, so that what they see as equal is equal here."""
    number = finite(cell)
    if number is None or abs(number) > LARGEST:
        raise UserError(f"{where}: {column}: found {shown(cell)}; wanted a finite number")
    return float(np.float32(number)) + 0.0  # which also makes one zero of -0 and 0


def _faults(repeats: int, contradictions: int) -> list[Fault]:
    faults = []
    if repeats:
        faults.append(Fault(found=f"{repeats} repeated rows", done="kept once"))
    if contradictions:
        found = f"{contradictions} rows whose inputs stand in another row with another target"
        faults.append(Fault(found=found, done="kept, on one side of the split with it"))
    return faults
