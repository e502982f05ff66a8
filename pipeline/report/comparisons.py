"""Which differences between models are significant, in words."""

from collections.abc import Iterator, Sequence

from pipeline.data.wording import join_names
from pipeline.evaluation.about import Difference
from pipeline.evaluation.stored import Rows
from pipeline.params.schema import BASELINE
from pipeline.report.format import SMALL, decimal_places, format_numbers
from pipeline.report.load import Results
from pipeline.report.parts import Part

METHOD = (
    "Two models, or a model and the baseline, are compared by a paired bootstrap over the test items, in which "
    "neighbouring items of a text or a series are resampled together. The difference of two ensembles may be "
    "significant for these seeds and not for others: the variance across seeds is apart, in the table of results by "
    "seed. Significance is at the 5 % level after Holm's correction for the number of pairs of the data set (Holm, "
    "alpha = 0.05)."
)
SUMMARY = (
    "Ensembles compared on the same test items; the variance across seeds is apart. After Holm's correction, with "
    "alpha = 0.05. A range is the 95 % interval of the difference."
)

MOST_IN_WORDS = 20  # models, and the baseline, whose pairs a reader can take in as sentences
FIRST = 10  # names of more


def part(results: Results) -> Part | None:
    """Describe which models differ significantly on the test items; one pair needs no part of its own."""
    if len(rows := results.tables.get("comparisons", [])) < 2:
        return None
    return Part("Significance of differences", (SUMMARY,), points=tuple(describe_all(results, rows)))


def describe_all(results: Results, rows: Rows) -> Iterator[str]:
    """Yield the sentences of a table of comparisons, significant differences first; of very many pairs only a count."""
    if len(_by_wins(rows)) > MOST_IN_WORDS:
        significant = sum(row["significant"] == "yes" for row in rows)
        yield f"{significant:,} of {len(rows):,} pairs differ significantly; tables/comparisons.csv has all of them."
        return
    yield from _describe_significant(results.difference, rows)
    yield from _describe_not_significant(results.difference, rows)


def describe_model(results: Results, model: str) -> Iterator[str]:
    """Yield the comparisons of one model: with those worse than it, better than it, and not significantly different."""
    rows, difference = results.tables.get("comparisons", []), results.difference
    yield from _describe_significant(difference, [row for row in rows if row["better"] == model])
    lost = [row for row in rows if row["worse"] == model and row["significant"] == "yes"]
    if lost:
        yield f"{model} is significantly worse than {_margins(difference, sorted(lost, key=_largest_first), 'better')}."
    if others := _similar(rows, model):
        names = join_some([label_model(name) for name in others], "or")
        yield f"{model} does not differ significantly in {difference.name} from {names}."


def similar_models(results: Results, model: str) -> list[str]:
    """Return the models that do not differ significantly from a model."""
    return [other for other in _similar(results.tables.get("comparisons", []), model) if other in results.models]


def join_some(names: Sequence[str], last: str = "and") -> str:
    """Join names as in a sentence; of very many the first ones, and how many more there are."""
    if len(names) > MOST_IN_WORDS:
        names = [*names[:FIRST], f"{len(names) - FIRST} more"]
    return join_names(names, last)


def label_model(name: str) -> str:
    """Return the name of a model or of the baseline within a sentence."""
    return f"the {name}" if name == BASELINE else name


def label_model_at_start(name: str) -> str:
    """Return the name of a model or of the baseline at the start of a sentence."""
    return f"The {name}" if name == BASELINE else name


def _similar(rows: Rows, model: str) -> list[str]:
    pairs = [(row["better"], row["worse"]) for row in rows if row["significant"] == "no"]
    return [other for pair in pairs for other in pair if model in pair and other != model]


def _largest_first(row: dict[str, str]) -> float:
    return -float(row["difference"])


def _describe_significant(difference: Difference, rows: Rows) -> Iterator[str]:
    """Yield a sentence for each model that is significantly better than another, the one with most wins first."""
    significant = sorted((row for row in rows if row["significant"] == "yes"), key=_largest_first)
    for name in _by_wins(rows):
        if won := [row for row in significant if row["better"] == name]:
            yield f"{label_model_at_start(name)} is significantly better than {_margins(difference, won, 'worse')}."


def _margins(difference: Difference, rows: Rows, side: str) -> str:
    """Return the models on one side of rows, each with its interval; the first interval has the unit."""
    units = [f" {difference.unit}", *[""] * (len(rows) - 1)]
    pairs = zip(rows, units, strict=True)
    return join_some([f"{label_model(row[side])} (by {_interval(difference, row)}{unit})" for row, unit in pairs])


def _interval(difference: Difference, row: dict[str, str]) -> str:
    """Format the interval of a difference; a significant one is never shown as zero."""
    low, high = (difference.factor * float(row[side]) for side in ("low", "high"))
    places = decimal_places([low, high])
    lowest, highest = format_numbers([low, high])
    looks_like_zero = places is not None and abs(low) >= SMALL and round(low, places) == 0
    return f"{f'{low:.1g}' if looks_like_zero else lowest} to {highest}"


def _describe_not_significant(difference: Difference, rows: Rows) -> Iterator[str]:
    """Yield one sentence with all pairs that do not differ significantly, grouped where all of a group are pairs."""
    pairs = {frozenset((row["better"], row["worse"])) for row in rows if row["significant"] == "no"}
    if pairs:
        groups = _describe_groups(list(_groups(rows, pairs)))
        yield f"{difference.name.capitalize()} does not differ significantly {'; '.join(groups)}."


def _describe_groups(groups: list[list[str]]) -> Iterator[str]:
    """Yield groups in words; pairs that share a name are put together."""
    pairs = [group for group in groups if len(group) == 2]
    names = [name for pair in pairs for name in pair]
    while pairs:
        hub = max(names, key=names.count)  # the first of those in most pairs
        others = [name for pair in pairs if hub in pair for name in pair if name != hub]
        yield f"between {label_model(hub)} and {join_names([label_model(name) for name in others], 'or')}"
        pairs = [pair for pair in pairs if hub not in pair]
        names = [name for pair in pairs for name in pair]
    for group in groups:
        if len(group) > 2:
            yield f"among {join_names([label_model(name) for name in group])}"


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
    won, lost = ([row[side] for row in rows if row["significant"] == "yes"] for side in ("better", "worse"))
    return sorted(names, key=lambda name: (-won.count(name), lost.count(name)))
