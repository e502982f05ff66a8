"""Say by how much two files differ: numbers in JSON and CSV by their largest relative difference."""

import csv
import json
import math
from collections.abc import Iterator, Mapping
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
    one, other = _outputs(committed), _outputs(found)
    names = [path for path in sorted(one | other) if one.get(path) != other.get(path)]
    return [Difference(path, "other content, by its digest in dvc.lock") for path in names]


def of_sources(status: Mapping[str, list[Any]], lock: str) -> list[str]:
    """Return what a dvc.lock was not made with, by `dvc status --json`: code, data, params and commands of today."""
    made = _outputs(lock)
    found: set[str] = set()
    for stage, faults in status.items():
        for fault in faults:
            if isinstance(fault, dict):
                found |= set(_sources(fault.get("changed deps", {}), made))
            elif fault == "changed command":
                found.add(f"dvc.yaml: {stage}")
    whole = {name.partition(": ")[0] for name in found if ": " in name}  # files of which keys are named
    return sorted(found - whole)


def _sources(changed: Mapping[str, Any], made: Mapping[str, str]) -> Iterator[str]:
    """Yield those of a stage's changed inputs that no stage makes; of params each key."""
    for path, state in changed.items():
        if isinstance(state, dict):
            yield from (f"{path}: {key}" for key in state)
        elif not any(path == out or out.startswith(f"{path}/") for out in made):
            yield path


def _outputs(lock: str) -> dict[str, str]:
    """Return the digest of each file that the stages of a dvc.lock write."""
    stages = YAML(typ="safe", pure=True).load(lock)["stages"].values()
    return {entry["path"]: entry["md5"] for stage in stages for entry in stage.get("outs", [])}


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
