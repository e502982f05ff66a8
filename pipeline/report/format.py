"""Labels of metrics, and the format of numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NONE = "–"
SMALL = 1e-4  # a smaller number is shown with a power of ten


@dataclass(frozen=True)
class Metric:
    """A metric's name in words, and which way is better."""

    label: str
    higher_is_better: bool


METRICS = {
    "accuracy": Metric("accuracy", True),
    "macro_f1": Metric("macro-F1", True),
    "letter_accuracy": Metric("letter accuracy", True),
    "final_letter_accuracy": Metric("final letter accuracy", True),
    "exact": Metric("exact after rounding", True),
    "loss": Metric("loss (nats)", False),
    "perplexity": Metric("perplexity", False),
    "bits_per_symbol": Metric("bits per symbol", False),
    "mse": Metric("mean squared error", False),
    "mae": Metric("mean absolute error", False),
    "rmse": Metric("root mean squared error", False),
    "mase": Metric("MASE", False),
}

EXPLANATIONS = {
    "accuracy": "share of rows, or symbols, that are predicted correctly",
    "macro_f1": "F1 of each class, averaged so that small classes count as much as large ones",
    "letter_accuracy": "share of letters after the first that are predicted correctly, given the true letters before",
    "final_letter_accuracy": "the same for the last letter of a word alone",
    "exact": "share of predictions that are correct after rounding",
    "loss": "cross-entropy: the mean negative log-likelihood (nll), -ln(probability of the truth), in nats",
    "perplexity": "exp(loss): the prediction is as uncertain as a choice among that many equally likely symbols",
    "bits_per_symbol": "the loss in bits",
    "mse": "mean of (prediction - true value) squared",
    "mae": "mean of |prediction - true value|",
    "rmse": "square root of the mean squared error",
    "mase": "mean absolute error divided by that of the seasonal naive forecast (the value one season before) on the "
    "training days",
}


def label_metric(metric: str) -> str:
    """Return the label of a metric."""
    return METRICS[metric].label if metric in METRICS else metric


def label_with_arrow(metric: str) -> str:
    """Return the label of a metric with an arrow: up where higher is better, down where lower is."""
    arrow = (" ↑" if METRICS[metric].higher_is_better else " ↓") if metric in METRICS else ""
    return label_metric(metric) + arrow


def format_interval(values: Mapping[str, float] | None) -> str:
    """Return a mean with its interval: `0.845 (0.839 to 0.851)`, or the mean alone where the interval has no width."""
    if not values:
        return NONE
    mean, low, high = values["mean"], values.get("low", values["mean"]), values.get("high", values["mean"])
    if low == high:
        return format_number(mean)
    places = _decimal_places(mean, high - low)
    return f"{format_number(mean, places)} ({format_number(low, places)} to {format_number(high, places)})"


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
        power = math.floor(math.log10(abs(value)))
        return f"{value / 10**power:.1f} × 10{str(power).translate(_RAISED)}"
    if places is None:
        places = 0 if value == int(value) and abs(value) >= 10 else max(2 - math.floor(math.log10(abs(value))), 0)
    return f"{value:,.{places}f}"


def join_names(names: Sequence[str], last: str = "and") -> str:
    """Join names as in a sentence: `a, b and c`."""
    return f" {last} ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


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


def _decimal_places(mean: float, width: float) -> int:
    """Return the decimal places for two digits of the width, and at most five of the mean."""
    by_width = 1 - math.floor(math.log10(width))
    by_mean = 4 - math.floor(math.log10(abs(mean) or width))
    return max(min(by_width, by_mean), 0)
