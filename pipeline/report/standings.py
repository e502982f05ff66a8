"""How the models of a data set did: its part of the summary, and its tables of metrics."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.baselines.descriptions import description
from pipeline.report.claims import beside_others
from pipeline.report.parts import Link, Part, Table
from pipeline.report.published import Published
from pipeline.report.reading import Results
from pipeline.report.scoring import best, headline_of, judge_of, judged_on, ranked, shown
from pipeline.report.wording import EXPLAINED, METRICS, NONE, count, label, listed, numbers, pointed

SUMMARY = (
    "data set",
    "judged on",
    "best model",
    "measure",
    "result",
    "baseline",
    "limit",
    "published",
    "parameters",
)


def summary(results: Results, published: Published) -> Iterator[tuple[str, ...]]:
    """Yield a row of the summary for each split: the best model beside what it has to beat."""
    for split in results.splits:
        metric, model = headline_of(results, split), best(results, split)
        yield (
            results.card["dataset"],
            judged_on(results, split),
            Link.to_card(model) if model else "none",
            pointed(metric),
            *(shown(results, name, split, metric) for name in (model or "", "baseline", "limit")),
            beside_others(results, published, model, split),
            _parameters(results, model or ""),
        )


def part(results: Results) -> Part:
    """Give every metric of every model that can be compared, of the baselines and of the limit."""
    return Part(
        "Results",
        tables=tuple(_metrics_table(results, split) for split in results.splits),
        points=(*diverged(results), *not_portable(results), *judged_elsewhere(results), *_references(results)),
    )


def seeds(results: Results) -> Part:
    """Give each seed's own value of the headline metric, and say what the measures mean."""
    return Part(
        "Each seed, and what the measures mean", tables=tuple(_seeds_tables(results)), points=(*_explanations(results),)
    )


def _metrics_table(results: Results, split: str) -> Table:
    """Put the models in their order; that of a test is given by the validation rows, whose figures stand beside."""
    metrics, headline, judge = results.measured(split), headline_of(results, split), judge_of(results, split)
    chosen = (headline,) if judge != split else ()
    rows = [
        (
            Link.to_card(name) if name in results.models else name,
            *(shown(results, name, judge, metric) for metric in chosen),
            *(shown(results, name, split, metric) for metric in metrics),
            _parameters(results, name),
        )
        for name in (*ranked(results, split), *results.references)
        if name in results.models or results.metrics[name].get(split)
    ]
    columns = ("model", *(f"{judge}: {pointed(metric)}" for metric in chosen), *map(pointed, metrics), "parameters")
    order = f"in the order of {label(headline)} on {judge} rows" if chosen else f"in the order of {label(headline)}"
    what = "Figures" if results.one_seed else "Mean and 95 % interval"
    return Table(f"{what} on {judged_on(results, split)}; models {order}", columns, tuple(rows))


def _parameters(results: Results, name: str) -> str:
    """Return how many trained numbers a network has."""
    return count(results.models[name].parameters) if name in results.models else NONE


def _seeds_tables(results: Results) -> Iterator[Table]:
    for split in results.splits:
        metric = headline_of(results, split)
        values: dict[str, dict[str, float]] = {name: {} for name in ranked(results, split)}
        for row in results.values:
            if (row["split"], row["metric"]) == (split, metric) and row["model"] in values:
                values[row["model"]][row["seed"]] = float(row["value"])
        seeds = list(dict.fromkeys(seed for of in results.models.values() for seed in of.seeds))
        rows = tuple((model, *_by_seed(of, seeds)) for model, of in values.items() if of)
        caption = f"Each seed's {label(metric)} on {judged_on(results, split)}"
        yield Table(caption, ("model", *(f"seed {seed}" for seed in seeds)), rows)


def each_seed(results: Results, model: str, splits: Iterable[str]) -> Table | None:
    """Return each seed's value of every metric of a model; nothing where there is one seed, or figures mean nothing."""
    found: dict[tuple[str, str], dict[str, float]] = {(split, metric): {} for split in splits for metric in METRICS}
    for row in results.values:
        if row["model"] == model:
            found.setdefault((row["split"], row["metric"]), {})[row["seed"]] = float(row["value"])
    seeds = list(results.models[model].seeds)
    if len(seeds) < 2 or model in results.meaningless or not any(found.values()):
        return None
    rows = tuple((split, label(metric), *_by_seed(of, seeds)) for (split, metric), of in found.items() if of)
    return Table("Each seed's figures", ("rows", "measure", *(f"seed {seed}" for seed in seeds)), rows)


def _by_seed(values: Mapping[str, float], seeds: Sequence[str]) -> Iterator[str]:
    shown = dict(zip(values, numbers(list(values.values())), strict=True))
    return (shown.get(seed, NONE) for seed in seeds)


def diverged(results: Results) -> Iterator[str]:
    """Yield what became of seeds that did not finish."""
    for model, of in results.models.items():
        for seed, record in of.seeds.items():
            if record["status"] != "finished":
                rest = (
                    "the figures are those of the fits that finished" if results.metrics[model] else "no seed finished"
                )
                yield f"{model}, seed {seed}: {record['status']}; {rest}."


def not_portable(results: Results, model: str | None = None) -> Iterator[str]:
    """Yield which models, or whether one of them, another machine may train to other bytes, and why."""
    groups: dict[str, list[str]] = {}
    for name, of in results.models.items():
        if of.numerics and model in (None, name):
            groups.setdefault(of.numerics, []).append(name)
    for why, names in groups.items():
        was = "was" if len(names) == 1 else "were"
        elsewhere = "another machine comes near these figures, and perhaps not to the same ones"
        yield f"{listed(names)} {was} trained where the same bytes are not promised ({why}): {elsewhere}."


def judged_elsewhere(results: Results) -> Iterator[str]:
    """Yield why another machine may judge the same networks otherwise, if so."""
    if results.caveat:
        yield (
            f"The figures were computed where the same bytes are not promised ({results.caveat}): "
            "another machine comes near them, and perhaps not to the same ones."
        )


def _references(results: Results) -> Iterator[str]:
    """Yield what each baseline and the limit are."""
    for name in results.references:
        yield f"{name}: {description(results.card['format'], name)}"


def _explanations(results: Results) -> Iterator[str]:
    metrics = dict.fromkeys(metric for split in results.splits for metric in results.measured(split))
    for metric in metrics:
        if metric in EXPLAINED:
            yield f"{label(metric)}: {EXPLAINED[metric]}; {_direction(metric)}."


def _direction(metric: str) -> str:
    return "higher is better" if METRICS[metric].higher_is_better else "lower is better"
