"""A CSV of number sequences, each with a target number."""

from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.formats.base import Draft, Format
from pipeline.data.inputs import NumberReader, Numbers, Reader, input_errors, require_finite
from pipeline.data.prepared import DataIssue, Prepared, scale
from pipeline.data.prepared.arrays import first_rows, number_rows
from pipeline.data.readers import MAX_FLOAT32, parse_number, read_columns, shorten
from pipeline.data.splits import (
    Rows,
    check_split,
    choose_rows,
    describe_overlap,
    params_by_file,
    split_number,
    take_rows,
)
from pipeline.data.wording import ModelFacts, Usage, predict_command, quoted, shown_rows
from pipeline.errors import DataError, InputError
from pipeline.params.datasets import PairsParams
from pipeline.params.models import ModelParams

Pair = tuple[tuple[float, ...], float]


class Pairs(Format[PairsParams]):
    """A CSV of number sequences, each with a target number."""

    unit = "numbers"

    def draft(self, params: PairsParams, folder: Path | None) -> Draft:
        """Read and split the pairs: a repeated pair counts once, and equal inputs go to the same split."""
        inputs, targets, given = _read_arrays(params)
        kept = first_rows(number_rows([*inputs.T, targets, given]))
        repeats = len(targets) - len(kept)
        if repeats:
            inputs, targets, given = inputs[kept], targets[kept], given[kept]
        groups = number_rows(list(inputs.T))
        rows = choose_rows(groups, None, given, params, f"{params.raw}: distinct rows")
        arrays = {"inputs": inputs, "targets": targets}
        splits = take_rows(arrays, rows, folder)
        return Draft(
            splits,
            scaling={name: scale(splits["train"][name]) for name in arrays},
            issues=tuple(_find_issues(repeats, groups, rows, params)),
        )

    def reader(self, params: PairsParams, prepared: Prepared, model: ModelParams) -> Reader:
        """Return a reader of sequences like those of the training rows."""
        return PairsReader(params, prepared.splits["train"]["inputs"])

    def describe_use(self, params: PairsParams, prepared: Prepared) -> str:
        """Return that it computes a number."""
        return "To compute a number from a sequence of numbers like those of the data set."

    def limitations(self, params: PairsParams, prepared: Prepared, model: ModelFacts) -> Iterator[str]:
        """Yield the length of its sequences and the range of its numbers."""
        train = prepared.splits["train"]
        targets = sorted(map(float, train["targets"]))
        yield f"It takes sequences of exactly {train['inputs'].shape[1]} values."
        if len(targets) == 1:
            yield "It was trained on one sequence, and has learned nothing about any other."
        else:
            yield (
                f"The numbers of its training rows range from {targets[0]:g} to {targets[-1]:g}; "
                "do not trust it outside this range."
            )
        yield "It gives an estimate: where there is a formula, use that."

    def usage(self, params: PairsParams, prepared: Prepared, model: ModelFacts) -> Usage:
        """Return how it computes the number of a sequence."""
        text = params.separator.join(f"{value:.7g}" for value in shown_rows(prepared)["inputs"][0])
        return Usage((f"model.predict({quoted(text)})  # the number",), (predict_command(model.name, text),))


class PairsReader(NumberReader):
    """Reads sequences of numbers like those of the training rows, (n, t).

    Attributes:
        length: How many values a sequence has.
        allowed_values: The only values that a sequence may have; None if any finite number may be one.
    """

    def __init__(self, params: PairsParams, inputs: NDArray[np.float32]) -> None:
        self.params, self.column, self.length = params, params.inputs, inputs.shape[1]
        # Without a separator each character of the file is a value: only those of the training rows are known.
        self.allowed_values = None if params.separator else np.unique(inputs)

    def parse(self, text: str) -> tuple[float, ...]:
        """Return the numbers of a text that is written as in the data set's file."""
        with input_errors():
            return _parse_numbers(text.strip(), self.params.separator, self.column)

    def validate(self, values: Numbers) -> Numbers:
        """Refuse a sequence of another length than those of the training rows, or with other digits."""
        with input_errors(f"{self.column}: "):
            if len(values) != self.length:
                raise InputError(f"found {len(values)} values; wanted {self.length}, as in the training rows")
            require_finite(values)
            if self.allowed_values is not None and (other := values[~np.isin(values, self.allowed_values)]).size:
                wanted = ", ".join(f"{value:g}" for value in self.allowed_values)
                raise InputError(f"found {other[0]:g}; wanted one of {wanted}, as in the training rows")
        return values


def _read_arrays(params: PairsParams) -> tuple[Numbers, Numbers, NDArray[np.int8]]:
    """Return the inputs (n, t) and targets (n,) of all rows, and the number of the split given for each (n,)."""
    inputs, targets, splits = array("f"), array("f"), bytearray()
    for (values, target), split in _read_pairs(params):
        inputs.extend(values)
        targets.append(target)
        splits.append(split_number(split))
    columns = np.frombuffer(inputs, dtype=np.float32).reshape(len(targets), -1)
    return columns, np.frombuffer(targets, dtype=np.float32), np.frombuffer(splits, dtype=np.int8)


def _read_pairs(params: PairsParams) -> Iterator[tuple[Pair, str]]:
    """Yield the rows in order, each with the split that is given for it; refuse inputs of different lengths."""
    length = 0
    for part, split in params_by_file(params):
        path, found = Path(part.raw), False
        columns = (params.inputs, params.target, *filter(None, [params.split_column]))
        for line, (sequence, target, *given) in read_columns(path, *columns):
            where, found = f"{path}: line {line}", True
            values = _parse_numbers(sequence, params.separator, f"{where}: {params.inputs}")
            if not values or (length and len(values) != length):
                raise DataError(
                    f"{where}: {params.inputs}: found {len(values)} values; wanted {length or 'at least 1'}"
                )
            length = len(values)
            pair = values, _parse_float32(target, f"{where}: {params.target}")
            yield pair, check_split(given[0], f"{where}: {params.split_column}") if given else split
        if not found:
            raise DataError(f"{path}: found no rows under the header; wanted one for each pair")


def _parse_numbers(sequence: str, separator: str, where: str) -> tuple[float, ...]:
    """Return the numbers of a text; `where` is the place that an error names."""
    values = sequence.split(separator) if separator else list(sequence)
    return tuple(_parse_float32(value, where) for value in values)


def _parse_float32(text: str, where: str) -> float:
    """Return a number rounded to the 32 bits that networks read, so that inputs they cannot tell apart are equal."""
    number = parse_number(text)
    if number is None or abs(number) > MAX_FLOAT32:
        raise DataError(f"{where}: found {shorten(text)}; wanted a finite number")
    return float(np.float32(number)) + 0.0  # adding 0 turns -0 into 0


def _find_issues(
    repeats: int, groups: NDArray[np.int32], rows: Mapping[str, Rows], params: PairsParams
) -> Iterator[DataIssue]:
    if repeats:
        yield DataIssue(found=f"{repeats} repeated rows", done="kept once")
    if contradictions := sum(len(chosen) - len(np.unique(groups[chosen])) for chosen in rows.values()):
        found = f"{contradictions} rows whose inputs occur in another row with a different target"
        yield DataIssue(found=found, done="kept, in the same split as the other row")
    yield from describe_overlap(groups, rows, params)
