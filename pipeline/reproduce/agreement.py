"""Compare the metrics of two machines that need not give the same bytes.

With another order of summation, a training takes another course from its first steps on. It ends about as far from the
committed one as another seed would, or nearer. So two metrics of an ensemble agree where they differ by at most
`DEVIATIONS` standard deviations of its seeds. A metric without several seeds (of a baseline, or a single seed) agrees
where the values differ by at most `RELATIVE`, which is enough for any other too.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DEVIATIONS = 3  # of single networks; the mean of several varies less
RELATIVE = 0.01  # of the larger value: one or two of a hundred rows predicted differently
ABSOLUTE = 1e-6  # counts as zero, such as the error of a network that has memorised its rows

Numbers = Mapping[str, float]  # of a metrics.json, by their keys joined with dots


@dataclass(frozen=True)
class MetricDifference:
    """A metric as committed and as reproduced, and how far apart the two may be."""

    name: str  # such as names.names-gru.test.accuracy
    committed: float
    reproduced: float
    tolerance: float

    @property
    def ratio(self) -> float:
        """Return the difference divided by the tolerance; up to 1 the two agree."""
        return abs(self.committed - self.reproduced) / self.tolerance

    def __str__(self) -> str:
        """Return the name, both values and the tolerance."""
        return f"{self.name}: {self.committed:.4g}, now {self.reproduced:.4g}, tolerance {self.tolerance:.2g}"


def read_numbers(content: bytes, dataset: str) -> dict[str, float]:
    """Return the numbers of a data set's metrics.json; none if it is not as `evaluate` writes it."""
    try:
        return dict(_flatten(dataset, json.loads(content)))
    except (ValueError, TypeError):
        return {}


def _flatten(name: str, value: Any) -> Iterator[tuple[str, float]]:
    if not isinstance(value, Mapping):
        yield name, float(value)
        return
    for key, part in value.items():
        yield from _flatten(f"{name}.{key}", part)


def compare_metrics(committed: Numbers, reproduced: Numbers) -> list[MetricDifference]:
    """Compare two metrics.json with the same keys, metric by metric."""
    names = [key.removesuffix(".value") for key in committed if key.endswith(".value")]
    return [_compare(name, committed, reproduced) for name in names]


def _compare(name: str, committed: Numbers, reproduced: Numbers) -> MetricDifference:
    one, other = committed[f"{name}.value"], reproduced[f"{name}.value"]
    deviation = max(numbers.get(f"{name}.seeds.std", 0.0) for numbers in (committed, reproduced))
    largest = max(abs(one), abs(other))
    return MetricDifference(name, one, other, max(DEVIATIONS * deviation, RELATIVE * largest, ABSOLUTE))


def describe_difference(committed: Numbers, reproduced: Numbers) -> str:
    """Describe how two metrics.json differ: by their largest relative difference, if they have the same keys."""
    if committed.keys() != reproduced.keys():
        return "other metrics, which cannot be compared"
    changed = {
        key: abs(number - reproduced[key]) / max(abs(number), abs(reproduced[key]))
        for key, number in committed.items()
        if number != reproduced[key]
    }
    if not changed:
        return "the same numbers, formatted differently"
    key = max(changed, key=lambda key: changed[key])
    values = f"{key}: {committed[key]:.9g}, now {reproduced[key]:.9g}"
    return f"{len(changed)} of {len(committed)} numbers, by up to {changed[key]:.1e} ({values})"
