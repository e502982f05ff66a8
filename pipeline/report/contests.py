"""Which differences between models hold, in words."""

from collections.abc import Iterator

from pipeline.references import BASELINE
from pipeline.report.parts import Part
from pipeline.report.reading import Results, Rows
from pipeline.report.wording import SMALL, listed, numbers, places_of

# Measure -> factor and unit in which a difference is told, and what it is a difference of.
UNITS = {
    "accuracy": (100.0, "points of accuracy", "accuracy"),
    "loss": (1.0, "nats a symbol", "loss"),
    "mse": (1.0, "of mean squared error", "mean squared error"),
    "mae": (1.0, "of mean absolute error", "mean absolute error"),
}
METHOD = (
    "A difference between two models, or between a model and the baseline, is measured on the same test items. Its "
    "95 % interval comes from a paired bootstrap over the items, in which neighbours in a text or a series are drawn "
    "together, and from Student's t over the seeds, which are too few to draw from. It holds if it is significant at "
    "5 % after Holm's correction for the number of pairs of the data set."
)


def part(results: Results) -> Part | None:
    """Say which models differ on the test items, and which cannot be told apart; one pair needs no part of its own."""
    if len(rows := results.tables.get("comparisons", [])) < 2:
        return None
    return Part("Which differences hold", points=tuple(told(rows)))


def told(rows: Rows) -> Iterator[str]:
    """Yield the sentences of a table of comparisons: what beats what, and what cannot be told apart."""
    yield from _held(rows)
    yield from _open(rows)


def of(results: Results, model: str) -> Iterator[str]:
    """Yield what is said of one model: what it beats, what beats it, and from what no difference of it holds."""
    rows = results.tables.get("comparisons", [])
    yield from _held([row for row in rows if row["better"] == model])
    held = [row for row in rows if row["worse"] == model and row["holds"] == "yes"]
    if held:
        winners = [f"{called(row['better'])} by {_margin(row)}" for row in sorted(held, key=_size)]
        yield f"{model} is beaten by {listed(winners)} {UNITS[held[0]['measure']][1]}."
    if others := _like(rows, model):
        what = UNITS[rows[0]["measure"]][2]
        yield f"No difference of {what} holds between {model} and {listed([called(name) for name in others], 'or')}."


def like(results: Results, model: str) -> list[str]:
    """Return the models from which no difference of a model holds."""
    return [other for other in _like(results.tables.get("comparisons", []), model) if other in results.models]


def _like(rows: Rows, model: str) -> list[str]:
    pairs = [(row["better"], row["worse"]) for row in rows if row["holds"] == "no"]
    return [other for pair in pairs for other in pair if model in pair and other != model]


def _size(row: dict[str, str]) -> float:
    """Put the largest difference first."""
    return -float(row["difference"])


def _held(rows: Rows) -> Iterator[str]:
    """Yield a sentence for each winner, the one that beats most others first."""
    held = sorted((row for row in rows if row["holds"] == "yes"), key=_size)
    for name in _by_wins(rows):
        if beaten := [row for row in held if row["better"] == name]:
            margins = [f"{called(row['worse'])} by {_margin(row)}" for row in beaten]
            yield f"{first(name)} beats {listed(margins)} {UNITS[beaten[0]['measure']][1]}."


def called(name: str) -> str:
    """Return what a model or a baseline is called within a sentence."""
    return f"the {name}" if name == BASELINE else name


def first(name: str) -> str:
    """Return what it is called at the start of a sentence."""
    return f"The {name}" if name == BASELINE else name


def _margin(row: dict[str, str]) -> str:
    """Show the interval of a difference; one that holds is never shown as none."""
    low, high = (UNITS[row["measure"]][0] * float(row[side]) for side in ("low", "high"))
    places = places_of([low, high])
    first, last = numbers([low, high])
    hidden = places is not None and abs(low) >= SMALL and round(low, places) == 0
    return f"{f'{low:.1g}' if hidden else first} to {last}"


def _open(rows: Rows) -> Iterator[str]:
    """Yield one sentence with all pairs whose difference does not hold, those that are all alike taken together."""
    pairs = {frozenset((row["better"], row["worse"])) for row in rows if row["holds"] == "no"}
    if pairs:
        what = UNITS[rows[0]["measure"]][2]
        yield f"No difference of {what} holds {'; '.join(_alike(list(_groups(rows, pairs))))}."


def _alike(groups: list[list[str]]) -> Iterator[str]:
    """Yield groups in words; pairs that share a name are told in one."""
    pairs = [group for group in groups if len(group) == 2]
    met = [name for pair in pairs for name in pair]
    while pairs:
        hub = max(met, key=met.count)  # the first of those in most pairs
        others = [name for pair in pairs if hub in pair for name in pair if name != hub]
        yield f"between {called(hub)} and {listed([called(name) for name in others], 'or')}"
        pairs = [pair for pair in pairs if hub not in pair]
        met = [name for pair in pairs for name in pair]
    for group in groups:
        if len(group) > 2:
            yield f"among {listed([called(name) for name in group])}"


def _groups(rows: Rows, pairs: set[frozenset[str]]) -> Iterator[list[str]]:
    """Yield groups of names each two of which are a pair, until every pair has been in one."""
    names, left = _by_wins(rows), set(pairs)
    for first in names:
        for second in names:
            if frozenset((first, second)) not in left:
                continue
            group = [first, second]
            for other in names:
                if all(frozenset((other, member)) in pairs for member in group):
                    group.append(other)
            left -= {frozenset((one, other)) for one in group for other in group}
            yield sorted(group, key=names.index)


def _by_wins(rows: Rows) -> list[str]:
    """Return all names, those with the most wins and then the fewest defeats first."""
    names = list(dict.fromkeys(row[side] for row in rows for side in ("better", "worse")))
    won, lost = ([row[side] for row in rows if row["holds"] == "yes"] for side in ("better", "worse"))
    return sorted(names, key=lambda name: (-won.count(name), lost.count(name)))
