"""Published figures beside those measured alike here, each with a verdict; and the known issues of the write-ups."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.data.prepared import ALL_ROWS
from pipeline.models.storage import DIVERGED
from pipeline.report.format import NONE, format_number
from pipeline.report.load import Results
from pipeline.report.parts import Link, Part, Table
from pipeline.report.published import KnownIssue, Published, PublishedFigure

Verdict = Literal["reproduced", "not reproduced", "not comparable"]
VERDICTS: tuple[Verdict, ...] = ("reproduced", "not reproduced", "not comparable")
COLUMNS = ("figure", "published", "here", "difference", "verdict")
HOW = (
    "Each published figure is compared with the same quantity, measured alike: the mean training loss over the same "
    "epoch, its exponential on a training text of the same length, the answer for the same input. Reproduced means "
    "within the stated tolerance or range. Where what a comparison needs was not published, the verdict says what."
)


@dataclass(frozen=True)
class Compared:
    """A published figure of a model, the result here, and the verdict."""

    figure: PublishedFigure
    here: float | None  # None if there is none
    diverged: bool
    verdict: Verdict

    @property
    def row(self) -> tuple[str, ...]:
        """Return the cells of COLUMNS."""
        figure = self.figure
        published = figure.published or NONE if figure.value is None else f"{figure.value:.5g}"
        here = format_number(self.here, _places(figure, self.here)) if self.here is not None else NONE
        if self.here is None and self.diverged:
            here = "diverged"
        difference = NONE
        if self.here is not None and figure.value is not None:
            difference = f"{self.here - figure.value:+.3g}"
        return figure.text, published, here, difference, _describe_verdict(self)


def part(results: Results, published: Published) -> Part | None:
    """Give each published figure of a data set's models with its verdict, and the known issues of the write-up."""
    compared = [(model, each) for model in results.models for each in compare(results, published, model)]
    issues = tuple((issue.issue, issue.here) for issue in known_issues(results, published))
    tables = [
        Table(
            "Published figures and those measured alike here",
            ("model", *COLUMNS),
            tuple((Link.to_card(model), *each.row) for model, each in compared),
        ),
        Table(
            "Known issues of the write-up, and what is done about them here",
            ("known issue", "here"),
            issues,
            prose=True,
        ),
    ]
    kept = tuple(table for table in tables if table.rows)
    return Part("Comparison with published figures", (HOW,) if compared else (), tables=kept) if kept else None


def summary(found: Sequence[Results], published: Published) -> Part | None:
    """Count the verdicts of each model, over the whole report."""
    rows = []
    for results in found:
        for model in results.models:
            counts = Counter(each.verdict for each in compare(results, published, model))
            if counts or model in published.recipes:
                recipe = published.recipes.get(model, NONE)
                rows.append((Link.to_card(model), recipe, *(str(counts[verdict]) for verdict in VERDICTS)))
    if not rows:
        return None
    sums = (str(sum(int(row[column]) for row in rows)) for column in range(2, len(VERDICTS) + 2))
    table = Table(
        "Published figures of each model, by verdict",
        ("model", "recipe", *VERDICTS),
        (*rows, ("all models", "", *sums)),
    )
    return Part("Published figures", (HOW,), tables=(table,))


def compare(results: Results, published: Published, model: str) -> list[Compared]:
    """Return each published figure of a model with its verdict."""
    return [_compare(results, model, figure) for figure in published.models.get(model, ())]


def known_issues(results: Results, published: Published, model: str | None = None) -> Iterator[KnownIssue]:
    """Yield the known issues of a data set's write-up that concern its models, or one of them."""
    for issue in published.datasets.get(results.dataset, ()):
        if any(issue.concerns(name) for name in ([model] if model else results.models)):
            yield issue


def _compare(results: Results, model: str, figure: PublishedFigure) -> Compared:
    diverged = DIVERGED in results.models[model].failures
    here = _measure(results, model, figure)
    if figure.missing is not None:
        return Compared(figure, here, diverged, "not comparable")
    low, high = figure.range
    same = diverged if figure.quantity == "diverged" else here is not None and low <= here <= high
    return Compared(figure, here, diverged, "reproduced" if same else "not reproduced")


def _measure(results: Results, model: str, figure: PublishedFigure) -> float | None:
    """Return the same quantity here: the mean over seeds of the training loss, or the ensemble's answer or metric."""
    match figure.quantity:
        case "train_loss":
            return _training_loss(results, model, figure.epoch)
        case "train_perplexity":
            loss = _training_loss(results, model, figure.epoch)
            return None if loss is None else math.exp(loss)
        case "prediction":
            rows = results.tables.get("probes", [])
            found = [row for row in rows if (row["model"], row["input"]) == (model, figure.input)]
            return float(found[0]["prediction"]) if found else None
        case "metric":
            return results.value(model, figure.split or results.headline_split, figure.metric or "")
        case _:
            return None


def _training_loss(results: Results, model: str, epoch: int | None) -> float | None:
    """Return the mean loss over an epoch, while the weights changed: of the fit to all rows, if there is one."""
    history = [row for row in results.models[model].history if row["epoch"] == str(epoch)]
    fits = {row["fit"] for row in history}
    wanted = ALL_ROWS if ALL_ROWS in fits else next(iter(fits), None)
    losses = [float(row["train_loss"]) for row in history if row["fit"] == wanted]
    finite = [loss for loss in losses if math.isfinite(loss)]
    return math.fsum(finite) / len(finite) if finite and len(finite) == len(losses) else None


def _places(figure: PublishedFigure, here: float | None) -> int | None:
    """Return as many decimal places as the published figure has in five digits, but no more than four."""
    if figure.value is None or here is None:
        return None
    digits = f"{figure.value:.5g}".partition(".")[2]
    return min(len(digits), 4) if "e" not in digits and abs(here) >= 10 ** -min(len(digits), 4) else None


def _describe_verdict(compared: Compared) -> str:
    figure, verdict = compared.figure, compared.verdict
    match verdict:
        case "reproduced":
            return f"reproduced ({_describe_range(figure)})"
        case "not reproduced":
            return f"not reproduced ({_describe_range(figure)}); {figure.tried or 'nothing else was tried'}"
        case "not comparable":
            return f"not comparable: {figure.missing}"


def _describe_range(figure: PublishedFigure) -> str:
    if figure.quantity == "diverged":
        return "diverges"
    if figure.tolerance is not None:
        return f"within {figure.tolerance:g}"
    ends = [f"{word} {end:g}" for word, end in (("at least", figure.low), ("at most", figure.high)) if end is not None]
    return ", ".join(ends)
