"""The format of numbers."""

import math
import statistics
from collections.abc import Mapping, Sequence

NONE = "–"
SMALL = 1e-4  # a smaller number is shown with a power of ten


def format_interval(values: Mapping[str, float] | None) -> str:
    """Return a value with its interval: `0.845 (0.839 to 0.851)`, or alone where there is none or it has no width."""
    if not values:
        return NONE
    value, low, high = values["value"], values.get("low", values["value"]), values.get("high", values["value"])
    if low == high:
        return format_number(value)
    places = _decimal_places(value, high - low)
    shown, *ends = (format_number(each, places) for each in (value, low, high))
    return shown if set(ends) == {shown} else f"{shown} ({ends[0]} to {ends[1]})"


def format_spread(values: Sequence[float]) -> str:
    """Return the mean over seeds with the standard deviation: `0.845 ± 0.006`; a single value has no spread."""
    if not values:
        return NONE
    mean = math.fsum(values) / len(values)
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    if deviation == 0:
        return format_number(mean)
    places = _decimal_places(mean, deviation)
    return f"{format_number(mean, places)} ± {format_number(deviation, places)}"


def format_numbers(values: Sequence[float]) -> list[str]:
    """Return numbers to be compared with each other, with two digits of their range."""
    places = decimal_places(values)
    return [format_number(value, places) for value in values]


def decimal_places(values: Sequence[float]) -> int | None:
    """Return the decimal places that `format_numbers` uses, or nothing where all numbers are the same."""
    width = max(values, default=0) - min(values, default=0)
    return _decimal_places(max(values, key=abs), width) if width else None


def format_number(value: float, places: int | None = None) -> str:
    """Return a number with `places` decimal places, or else three significant digits."""
    if value == 0:
        return "0"
    if abs(value) < SMALL:
        digits, power = f"{value:.1e}".split("e")
        return f"{digits} × 10{str(int(power)).translate(_RAISED)}"
    if places is None:
        places = 0 if value == int(value) and abs(value) >= 10 else max(2 - math.floor(math.log10(abs(value))), 0)
    return f"{value:,.{places}f}"


def format_quantity(quantity: int, noun: str) -> str:
    """Return a number of things, with the plural of the noun where it is not 1."""
    return f"{quantity:,} {noun}{'' if quantity == 1 else 's'}"


def format_count(quantity: int) -> str:
    """Return a whole number with thousands separators."""
    return f"{quantity:,}"


def format_share(part: float) -> str:
    """Return a share as a whole percentage."""
    return f"{100 * part:.0f} %"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _decimal_places(value: float, width: float) -> int:
    """Return the decimal places for two digits of the width, and at most five of the value."""
    by_width = 1 - math.floor(math.log10(width))
    by_value = 4 - math.floor(math.log10(abs(value) or width))
    return max(min(by_width, by_value), 0)
