"""Compare the metrics of two machines that need not give the same bytes.

With another order of summation, a training takes another course from its first steps on. It ends about as far from the
committed one as another seed would, or nearer. So two metrics agree where the 95 % intervals of their means over seeds
overlap. A metric without an interval (of a baseline, or a single seed) agrees where the means differ by at most
`RELATIVE`, which is enough for any other too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

RELATIVE = 0.01  # of the larger value: one or two of a hundred rows predicted differently
ABSOLUTE = 1e-6  # counts as zero, such as the error of a network that has memorised its rows


@dataclass(frozen=True)
class MetricDifference:
    """A metric's mean over seeds as committed and as reproduced, and how far apart the two may be."""

    name: str  # such as names.gru.test.accuracy
    committed: float
    reproduced: float
    tolerance: float

    @property
    def ratio(self) -> float:
        """Return the difference divided by the tolerance."""
        return abs(self.committed - self.reproduced) / self.tolerance

    @property
    def agrees(self) -> bool:
        """Return whether the two means are within the tolerance."""
        return self.ratio <= 1

    def __str__(self) -> str:
        """Return the name, both means and the tolerance."""
        return f"{self.name}: {self.committed:.4g}, now {self.reproduced:.4g}, tolerance {self.tolerance:.2g}"


def compare_metrics(
    committed: Mapping[str, Any], reproduced: Mapping[str, Any], name: str = ""
) -> Iterator[MetricDifference]:
    """Compare two metrics.json, metric by metric.

    Args:
        committed: A dictionary of any depth whose innermost ones have the keys mean, low and high.
        reproduced: Another one.
        name: Where in metrics.json the two are, by keys joined with dots.

    Raises:
        ValueError: if the two do not have the same keys.
    """
    if not (isinstance(committed, Mapping) and isinstance(reproduced, Mapping)) or set(committed) != set(reproduced):
        raise ValueError(f"{name or 'metrics'}: different keys")
    if isinstance(committed.get("mean"), float) and isinstance(reproduced["mean"], float):
        yield _compare_means(name, committed, reproduced)
        return
    for key in committed:
        yield from compare_metrics(committed[key], reproduced[key], f"{name}.{key}".lstrip("."))


def _compare_means(name: str, committed: Mapping[str, float], reproduced: Mapping[str, float]) -> MetricDifference:
    one, other = committed["mean"], reproduced["mean"]
    overlap = _half_width(committed) + _half_width(reproduced)
    return MetricDifference(name, one, other, max(overlap, RELATIVE * max(abs(one), abs(other)), ABSOLUTE))


def _half_width(interval: Mapping[str, float]) -> float:
    """Return half the width of an interval, before it was cut at 0 or 1."""
    return max(interval["mean"] - interval["low"], interval["high"] - interval["mean"])
