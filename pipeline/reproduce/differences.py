"""Describe how two versions of a file differ: numbers in JSON and CSV by their largest relative difference."""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ruamel.yaml import YAML

NOT_COMMITTED, NOT_PRODUCED = "is not committed", "is committed, but was not produced"
OTHER_CONTENT = "different content"
OTHER_DIGEST = f"{OTHER_CONTENT}, by its digest in dvc.lock"

Leaf = tuple[str, Any]  # the keys of a value joined with dots, and the value


@dataclass(frozen=True)
class FileDifference:
    """A file that is not as committed, and in a few words how it differs."""

    path: str
    description: str


def compare_contents(path: str, committed: bytes | None, produced: bytes | None) -> FileDifference:
    """Describe how two different contents of a file differ; None means that there is no file."""
    if committed is None or produced is None:
        return FileDifference(path, NOT_COMMITTED if committed is None else NOT_PRODUCED)
    return FileDifference(path, _describe(PurePath(path).suffix, committed, produced))


def compare_outputs(committed: str, produced: str) -> list[FileDifference]:
    """Return the outputs whose digests differ between two dvc.lock, given as texts."""
    one, other = _outputs(committed), _outputs(produced)
    names = [path for path in sorted(one | other) if one.get(path) != other.get(path)]
    return [FileDifference(path, OTHER_DIGEST) for path in names]


def find_changed_inputs(status: Mapping[str, list[Any]], lock: str) -> list[str]:
    """Return the code, raw data, params and commands that have changed since a dvc.lock was written.

    Args:
        status: What `dvc status --json` prints.
        lock: The text of dvc.lock. What a stage of it writes is left out, as it only follows from other changes.
    """
    outputs = _outputs(lock)
    found: set[str] = set()
    for stage, changes in status.items():
        for change in changes:
            if isinstance(change, dict):
                found |= set(_changed_inputs(change.get("changed deps", {}), outputs))
            elif change == "changed command":
                found.add(f"dvc.yaml: {stage}")
    with_keys = {name.partition(": ")[0] for name in found if ": " in name}  # the keys say more than the file
    return sorted(found - with_keys)


def _changed_inputs(changed: Mapping[str, Any], outputs: Mapping[str, str]) -> Iterator[str]:
    """Yield a stage's changed dependencies that no stage writes; of params each key."""
    for path, state in changed.items():
        if isinstance(state, dict):
            yield from (f"{path}: {key}" for key in state)
        elif not any(path == output or output.startswith(f"{path}/") for output in outputs):
            yield path


def _outputs(lock: str) -> dict[str, str]:
    """Return the digest of each output of the stages of a dvc.lock."""
    stages = YAML(typ="safe", pure=True).load(lock)["stages"].values()
    return {entry["path"]: entry["md5"] for stage in stages for entry in stage.get("outs", [])}


def _describe(suffix: str, committed: bytes, produced: bytes) -> str:
    try:
        if suffix in (".json", ".csv"):
            return _compare_values(
                *(list(_leaves(_parse(suffix, content.decode()))) for content in (committed, produced))
            )
        return _compare_lines(committed.decode(), produced.decode())
    except ValueError:  # not text, or not what the suffix says
        return OTHER_CONTENT


def _parse(suffix: str, text: str) -> Any:
    return json.loads(text) if suffix == ".json" else list(csv.reader(text.splitlines()))


def _leaves(value: Any, keys: str = "") -> Iterator[Leaf]:
    """Yield each value of nested lists and dictionaries with its keys; a text that is a number as a number."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            yield from _leaves(part, f"{keys}.{key}")
        return
    try:
        yield keys, float(value)
    except (TypeError, ValueError):
        yield keys, value


def _compare_values(committed: list[Leaf], produced: list[Leaf]) -> str:
    """Return the largest relative difference, if the two differ only in numbers."""
    if [keys for keys, _ in committed] != [keys for keys, _ in produced]:
        return f"{_count(committed, 'value')} committed, {len(produced)} produced"
    both = ((keys, one, other) for (keys, one), (_, other) in zip(committed, produced, strict=True))
    changed = [(keys, one, other) for keys, one, other in both if not _are_equal(one, other)]
    if not changed:
        return "the same values, formatted differently"
    if any(not isinstance(value, float) for _, *values in changed for value in values):
        return f"{_count(changed, 'value')} of {len(produced)}, not only numbers"
    keys, one, other = max(changed, key=lambda change: _relative_difference(*change[1:]))
    largest = _relative_difference(one, other)
    by = f"by up to {largest:.1e}" if math.isfinite(largest) else "not all of them finite"
    return f"{_count(changed, 'number')}, {by} ({keys[1:]}: {one:.9g}, now {other:.9g})"


def _count(things: list[Any], name: str) -> str:
    return f"{len(things)} {name}{'s' if len(things) > 1 else ''}"


def _are_equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal; NaN equals NaN here."""
    return bool(one == other) or (one != one and other != other)


def _relative_difference(one: float, other: float) -> float:
    """Return the difference of two unequal numbers relative to the larger; infinity where one is not finite."""
    if not (math.isfinite(one) and math.isfinite(other)):
        return math.inf
    largest = max(abs(one), abs(other))
    return abs(one / largest - other / largest)  # divided first, as the difference could overflow


def _compare_lines(committed: str, produced: str) -> str:
    """Count the lines that only one of two texts has."""
    one, other = committed.splitlines(), produced.splitlines()
    count = len(set(one) ^ set(other))
    return f"{count} lines are in only one of the two, of {len(one)} committed and {len(other)} produced"
