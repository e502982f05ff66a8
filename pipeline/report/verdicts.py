"""Which model to take for a data set, in sentences."""

from collections.abc import Iterator, Sequence

from pipeline.baselines.descriptions import CALLED
from pipeline.references import BASELINE, is_baseline
from pipeline.report import contests, joint
from pipeline.report.parts import Part
from pipeline.report.reading import Results
from pipeline.report.scoring import beaten_by, best, better_than, headline_of, judge_of, judged_on, ranked, shown
from pipeline.report.wording import NONE, count, label, listed


def part(results: Results) -> Part:
    """Name the best model of each split, what it beats, and what does better or as well for less."""
    sentences = [sentence for split in results.splits for sentence in _of_split(results, split)]
    return Part("Which model to take", points=tuple(sentences))


def over_all(found: Sequence[Results]) -> Iterator[str]:
    """Yield for the whole report on which data sets networks beat the baseline, and on which they do not."""
    groups: dict[str, list[str]] = {}
    for results in found:
        groups.setdefault(_beside_baseline(results), []).append(results.card["dataset"])
    for verdict, words in BESIDE_BASELINE.items():
        if names := groups.get(verdict):
            yield f"{words} {listed(names)}."
    if names := [results.card["dataset"] for results in found if joint.ahead(results)]:
        yield f"The seeds of a model together, as a loaded model answers, beat the baseline on {listed(names)}."
    held_out = [results.card["dataset"] for results in found if "test" in results.splits]
    if names := [name for name in groups.get("unknown", []) if name in held_out]:
        yield f"No network could be compared with the baseline on {listed(names)}."
    if names := [results.card["dataset"] for results in found if "test" not in results.splits]:
        yield f"Nothing is held out of {listed(names)}: it shows what a model can hold, not what it makes of new rows."
    elsewhere = [each for each in found if each.caveat or any(of.numerics for of in each.models.values())]
    if names := [results.card["dataset"] for results in elsewhere]:
        yield f"Of {listed(names)} another machine may not come to the same figures: the results say why."


NOTHING = "no result, as every seed of every model diverged"
MEANINGLESS = "no result that means anything, as every model reads what it is asked to predict"
BESIDE_BASELINE = {
    "ahead": "The best network beats the baseline, by a difference that holds, on",
    "open": "No difference holds between the best network and the baseline on",
    "behind": "The baseline beats the best network by a difference that holds, but not every network, on",
    "beaten": "The baseline beats every network, by differences that hold, on",
}


def _beside_baseline(results: Results) -> str:
    """Return how the best network of a data set does beside the baseline on the test rows."""
    rows = [row for row in results.tables.get("comparisons", []) if BASELINE in (row["better"], row["worse"])]
    model = best(results, "test") if rows else None
    if model is None:
        return "unknown"
    lost = [row["worse"] for row in rows if row["better"] == BASELINE and row["holds"] == "yes"]
    if model in lost:
        return "beaten" if len(lost) == len(rows) else "behind"
    return "ahead" if any(row["better"] == model and row["holds"] == "yes" for row in rows) else "open"


def _of_split(results: Results, split: str) -> Iterator[str]:
    metric, model = headline_of(results, split), best(results, split)
    where = judged_on(results, split)
    if model is None:
        yield f"On {where}: {NOTHING if results.contestants else MEANINGLESS}."
        return
    beside = "".join(
        f", {name} {figure}"
        for name in ("baseline", "limit")
        if (figure := shown(results, name, split, metric)) != NONE
    )
    chosen = "by validation rows" if judge_of(results, split) == "validation" else "on these very rows"
    alone = len(results.contestants) == 1
    only = "is the only model" if len(results.models) == 1 else "is the only one that can be compared"
    how = only if alone else f"is the best {chosen}"
    yield f"On {where}: {model} {how}, with {label(metric)} {shown(results, model, split, metric)}{beside}."
    if split == "test":
        yield from contests.of(results, model)
        yield from _cheaper(results, model)
        yield from _beaten(results, split)


def _cheaper(results: Results, model: str) -> Iterator[str]:
    """Yield the smallest model from which no difference of the best holds, if it is smaller."""
    sizes = {name: results.models[name].parameters for name in (model, *contests.like(results, model))}
    smallest = min(sizes, key=sizes.__getitem__)
    if sizes[smallest] < sizes[model]:
        yield (
            f"{smallest}, which cannot be told apart from it, has fewer parameters: "
            f"{count(sizes[smallest])} instead of {count(sizes[model])}."
        )


def _beaten(results: Results, split: str) -> Iterator[str]:
    """Say plainly where baselines do better than every network, and whether those differences hold."""
    every = "every network" if len(results.contestants) > 1 else "the network"
    ahead = list(beaten_by(results, split))
    for name, metric in ahead:
        holds = name == BASELINE and _beside_baseline(results) == "beaten"
        yield f"{_called(results, name, split, metric)} {'beats' if holds else 'has a better mean than'} {every} here."
    for name in filter(is_baseline, results.references):
        if name != BASELINE and name not in dict(ahead) and (behind := list(_behind(results, name, split))):
            metric = behind[0][1]
            networks = listed([model for model, _ in behind])
            yield f"{_called(results, name, split, metric)} has a better mean than {networks}."


def _called(results: Results, name: str, split: str, metric: str) -> str:
    """Return what a baseline is, with its figure, at the start of a sentence."""
    what = CALLED[results.card["format"]][name]
    return f"{contests.first(name)}, {what} ({label(metric)} {shown(results, name, split, metric)}),"


def _behind(results: Results, name: str, split: str) -> Iterator[tuple[str, str]]:
    """Yield the networks, in their order, than which a baseline has a better mean, and the metric by which it has."""
    for model in ranked(results, split):
        yield from ((model, metric) for each, metric in better_than(results, model, split) if each == name)
