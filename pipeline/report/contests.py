"""Which differences between models hold, in words."""

from collections.abc import Iterator

from pipeline.report.parts import Part
from pipeline.report.reading import Results, Rows

# Measure -> factor and unit in which a difference is told.
UNITS = {
    "accuracy": (100.0, "points of accuracy"),
    "loss": (1.0, "nats a symbol"),
    "mse": (1.0, "of mean squared error"),
    "mae": (1.0, "of mean absolute error"),
}
METHOD = (
    "Each pair is compared on the same test items and seeds. The interval is a paired bootstrap over both (95 %), in "
    "which neighbours in a text or a series are drawn together; a difference holds if it is significant at 5 % after "
    "Holm's correction for the number of pairs."
)


def part(results: Results) -> Part | None:
    """Say which pairs of models differ on the test items, and which cannot be told apart."""
    rows = results.tables.get("comparisons", [])
    if not rows:
        return None
    return Part("Which differences hold", (METHOD,), points=tuple(_sentences(rows)))


def _sentences(rows: Rows) -> Iterator[str]:
    """Yield the differences that hold, the largest first, then the pairs that are open."""
    held = [row for row in rows if row["holds"] == "yes"]
    for row in sorted(held, key=lambda row: -float(row["difference"])):
        factor, unit = UNITS[row["measure"]]
        low, high = (f"{factor * float(row[side]):.3g}" for side in ("low", "high"))
        yield f"{row['better']} beats {row['worse']} by {low} to {high} {unit}."
    open_pairs = [f"{row['better']} and {row['worse']}" for row in rows if row["holds"] == "no"]
    if open_pairs:
        yield f"Cannot be told apart: {'; '.join(open_pairs)}."
