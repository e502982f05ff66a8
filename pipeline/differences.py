"""Say by how much two files differ: numbers in JSON and CSV by their largest relative difference."""

import csv
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ruamel.yaml import YAML

NOT_COMMITTED, NOT_MADE = "is not committed", "is committed, and was not made"


@dataclass(frozen=True)
class Difference:
    """A file that is not as committed."""

    path: str
    amount: str


def between(path: str, committed: bytes | None, found: bytes | None) -> Difference:
    """Compare two contents of a file; None stands for no file."""
    if committed is None or found is None:
        return Difference(path, NOT_COMMITTED if committed is None else NOT_MADE)
    return Difference(path, _amount(PurePath(path).suffix, committed, found))


def of_outputs(committed: str, found: str) -> list[Difference]:
    """Compare what two dvc.lock say came out of the stages."""
    one, other = (_places(text, "outs") for text in (committed, found))
    names = [path for path in sorted(one | other) if one.get(path) != other.get(path)]
    return [Difference(path, "other content, by its digest in dvc.lock") for path in names]


def of_sources(committed: str, found: str) -> list[str]:
    """Return the files and params with which only one of two dvc.lock was made: the older is stale then."""
    made = _places(found, "outs")
    one, other = (_places(text, "deps") | _params(text) for text in (committed, found))
    inside = (path for path in one | other if not any(path == out or out.startswith(f"{path}/") for out in made))
    return sorted(path for path in inside if one.get(path) != other.get(path))


def _stages(text: str) -> dict[str, Any]:
    return dict(YAML(typ="safe", pure=True).load(text)["stages"])


def _places(text: str, kind: str) -> dict[str, str]:
    """Return the digest of each file that the stages of a dvc.lock read (deps) or write (outs)."""
    return {entry["path"]: entry["md5"] for stage in _stages(text).values() for entry in stage.get(kind, [])}


def _params(text: str) -> dict[str, str]:
    """Return each block of params that the stages of a dvc.lock read."""
    blocks = [stage.get("params", {}) for stage in _stages(text).values()]
    return {
        f"{file}: {key}": repr(value) for block in blocks for file, keys in block.items() for key, value in keys.items()
    }


def _amount(suffix: str, committed: bytes, found: bytes) -> str:
    """Say in a few words how two contents differ."""
    try:
        if suffix in (".json", ".csv"):
            return _of_numbers(*(list(_leaves(_parsed(suffix, content.decode()))) for content in (committed, found)))
        return _of_lines(committed.decode(), found.decode())
    except ValueError:  # not text, or not what its name says
        return "other content"


def _parsed(suffix: str, text: str) -> Any:
    return json.loads(text) if suffix == ".json" else list(csv.reader(text.splitlines()))


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of nested lists and dictionaries with its place; a text that is a number as a number."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            yield from _leaves(part, f"{place}.{key}")
        return
    try:
        yield place, float(value)
    except (TypeError, ValueError):
        yield place, value


def _of_numbers(committed: list[tuple[str, Any]], found: list[tuple[str, Any]]) -> str:
    """Return the largest relative difference, if the two differ in numbers alone."""
    if [place for place, _ in committed] != [place for place, _ in found]:
        return f"{_counted(committed, 'value')} committed, {len(found)} found"
    both = ((place, one, other) for (place, one), (_, other) in zip(committed, found, strict=True))
    pairs = [(place, one, other) for place, one, other in both if not _same(one, other)]
    if not pairs:
        return "the same values, written otherwise"
    if any(not isinstance(value, float) for _, *values in pairs for value in values):
        return f"{_counted(pairs, 'value')} of {len(found)}, not only numbers"
    place, one, other = max(pairs, key=lambda pair: _relative(*pair[1:]))
    most = _relative(one, other)
    by = f"by up to {most:.1e}" if math.isfinite(most) else "not all of them finite"
    return f"{_counted(pairs, 'number')}, {by} ({place[1:]}: {one:.9g}, now {other:.9g})"


def _counted(things: list[Any], name: str) -> str:
    return f"{len(things)} {name}{'s' if len(things) > 1 else ''}"


def _same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal; what is no number equals itself here."""
    return bool(one == other) or (one != one and other != other)


def _relative(one: float, other: float) -> float:
    """Return how much two numbers that are not the same differ; without end where one of them is not finite."""
    if not (math.isfinite(one) and math.isfinite(other)):
        return math.inf
    largest = max(abs(one), abs(other))
    return abs(one / largest - other / largest)  # so that no step is out of range


def _of_lines(committed: str, found: str) -> str:
    """Count the lines that one of two texts lacks."""
    one, other = committed.splitlines(), found.splitlines()
    return f"{len(set(one) ^ set(other))} lines are in one alone, of {len(one)} committed and {len(other)} found"
