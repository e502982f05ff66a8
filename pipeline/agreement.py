"""Tell whether the metrics of two machines that do not promise the same bytes agree.

Another order of sums sends a training another way from its first steps on, as another seed would do, if less far. So
the seeds measure how far apart two such trainings may end: metrics agree where the 95 % intervals of their means
overlap, or where the means agree to `RELATIVE`, as those without an interval must (a baseline, a single seed).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

RELATIVE = 0.01  # of the larger of two values: a row or two of a hundred that is judged otherwise
ABSOLUTE = 1e-6  # what counts as nothing: the errors of a network that has learnt its rows by heart


@dataclass(frozen=True)
class Shift:
    """A metric on two machines: its mean on each, and how far apart they may be."""

    place: str
    committed: float
    found: float
    allowed: float

    @property
    def share(self) -> float:
        """The distance as a share of what is allowed: above 1 the two do not agree."""
        return abs(self.committed - self.found) / self.allowed

    def __str__(self) -> str:
        """Say where and by how much."""
        return f"{self.place}: {self.committed:.4g}, now {self.found:.4g}, {self.allowed:.2g} apart is allowed"


def shifts(committed: Mapping[str, Any], found: Mapping[str, Any], place: str = "") -> Iterator[Shift]:
    """Compare two metrics.json, metric by metric; ValueError where one has what the other lacks."""
    if not (isinstance(committed, Mapping) and isinstance(found, Mapping)) or set(committed) != set(found):
        raise ValueError(f"{place or 'metrics'}: other keys")
    if isinstance(committed.get("mean"), float) and isinstance(found["mean"], float):
        yield _shift(place, committed, found)
        return
    for name in committed:
        yield from shifts(committed[name], found[name], f"{place}.{name}".lstrip("."))


def _shift(place: str, committed: Mapping[str, float], found: Mapping[str, float]) -> Shift:
    one, other = committed["mean"], found["mean"]
    overlap, near = _reach(committed) + _reach(found), RELATIVE * max(abs(one), abs(other))
    return Shift(place, one, other, max(overlap, near, ABSOLUTE))


def _reach(interval: Mapping[str, float]) -> float:
    """Return half of the width, as it is without the cut at 0 or 1."""
    return max(interval["mean"] - interval["low"], interval["high"] - interval["mean"])
