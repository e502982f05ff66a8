"""What metrics and tasks are called, and how numbers are shown."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

NONE = "–"
SMALL = 1e-4  # below it a number is shown with a power of ten


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
    "bits_per_symbol": Metric("bits a symbol", False),
    "mse": Metric("mean squared error", False),
    "mae": Metric("mean absolute error", False),
    "rmse": Metric("root mean squared error", False),
    "mase": Metric("MASE", False),
}

EXPLAINED = {
    "accuracy": "share of rows, or symbols, that are right",
    "macro_f1": "F1 of each class, averaged so that small classes count as much as large ones",
    "letter_accuracy": "share of letters after the first that are right, when the true letters before them are given",
    "final_letter_accuracy": "the same for the last letter alone",
    "exact": "share of numbers that are right once rounded",
    "loss": "cross-entropy: the mean of -ln(probability given to what came)",
    "perplexity": "exp(loss): as unsure as a fair choice among so many symbols",
    "bits_per_symbol": "the loss in bits",
    "mse": "mean of (prediction - truth) squared",
    "mae": "mean of the distance between prediction and truth",
    "rmse": "square root of the mean squared error",
    "mase": "mean absolute error divided by that of repeating the value one season before, on the training days",
}

TASKS = {
    "next-symbol": "say the next symbol",
    "classify": "say the class",
    "regress": "compute the number",
    "forecast": "say the next day's value",
}

# The metric that the summary shows: the first of these that a data set has.
HEADLINES = {
    "next-symbol": ("letter_accuracy", "perplexity", "loss"),
    "classify": ("accuracy",),
    "regress": ("mse",),
    "forecast": ("mase", "mae"),
}
HEADLINES_OF_A_FIT = {**HEADLINES, "next-symbol": ("loss", "perplexity")}


def label(metric: str) -> str:
    """Return a metric's name in words."""
    return METRICS[metric].label if metric in METRICS else metric


def pointed(metric: str) -> str:
    """Return a metric's name with an arrow: up where more of it is better, down where less is."""
    arrow = (" ↑" if METRICS[metric].higher_is_better else " ↓") if metric in METRICS else ""
    return label(metric) + arrow


def headline(task: str, split: str, metrics: Iterable[str]) -> str:
    """Return the metric by which the models of a data set are ranked on a split."""
    found = list(metrics)
    wanted = (HEADLINES_OF_A_FIT if split == "train" else HEADLINES)[task]
    return next((metric for metric in wanted if metric in found), found[0])


def spread(values: Mapping[str, float] | None) -> str:
    """Show a mean with its interval: `0.845 (0.839 to 0.851)`, or the mean alone where they agree."""
    if not values:
        return NONE
    mean, low, high = values["mean"], values.get("low", values["mean"]), values.get("high", values["mean"])
    if low == high:
        return number(mean)
    places = _places(mean, high - low)
    return f"{number(mean, places)} ({number(low, places)} to {number(high, places)})"


def numbers(values: Sequence[float]) -> list[str]:
    """Show numbers that are compared with each other: two digits of what they differ by."""
    places = places_of(values)
    return [number(value, places) for value in values]


def places_of(values: Sequence[float]) -> int | None:
    """Return the decimal places that `numbers` shows, or nothing where all are the same."""
    width = max(values, default=0) - min(values, default=0)
    return _places(max(values, key=abs), width) if width else None


def number(value: float, places: int | None = None) -> str:
    """Show a number: three digits where nothing is said of its decimal places."""
    if value == 0:
        return "0"
    if abs(value) < SMALL:
        power = math.floor(math.log10(abs(value)))
        return f"{value / 10**power:.1f} × 10{str(power).translate(_RAISED)}"
    if places is None:
        places = 0 if value == int(value) and abs(value) >= 10 else max(2 - math.floor(math.log10(abs(value))), 0)
    return f"{value:,.{places}f}"


def listed(names: Sequence[str], last: str = "and") -> str:
    """Join names as in a sentence: `a, b and c`."""
    return f" {last} ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def counted(quantity: int, noun: str) -> str:
    """Show a number of things."""
    return f"{quantity:,} {noun}{'' if quantity == 1 else 's'}"


def count(quantity: int) -> str:
    """Show a whole number with its thousands set apart."""
    return f"{quantity:,}"


def share(part: float) -> str:
    """Show a share as a whole percentage."""
    return f"{100 * part:.0f} %"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _places(mean: float, width: float) -> int:
    """Return decimal places that show two digits of the width, and at most five of the mean."""
    by_width = 1 - math.floor(math.log10(width))
    by_mean = 4 - math.floor(math.log10(abs(mean) or width))
    return max(min(by_width, by_mean), 0)
