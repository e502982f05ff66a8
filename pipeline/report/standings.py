"""How the models of a data set did: its part of the summary, and its tables of metrics."""

from collections.abc import Iterator, Mapping, Sequence

from pipeline.baselines.descriptions import description
from pipeline.references import BASELINE, LIMIT, is_reference
from pipeline.report import cards
from pipeline.report.parts import Part, Table
from pipeline.report.published import Published
from pipeline.report.reading import Results
from pipeline.report.wording import EXPLAINED, METRICS, NONE, TASKS, count, headline, label, numbers, spread

SUMMARY = (
    "data set",
    "task",
    "judged on",
    "best model",
    "measure",
    "result",
    "baseline",
    "limit",
    "published",
)


def summary(results: Results, published: Published) -> Iterator[tuple[str, ...]]:
    """Yield a row of the summary for each split: the best model beside what it has to beat."""
    card = results.card
    for split in results.splits:
        metric = headline(card["task"], split, results.measured(split))
        model = best(results, split, metric)
        yield (
            card["dataset"],
            TASKS[card["task"]],
            _judged_on(results, split),
            model or "none: all diverged",
            label(metric),
            *(_shown(results, name, split, metric) for name in (model or "", "baseline", "limit")),
            _claims(results, published, model, split) if model else NONE,
        )


def best(results: Results, split: str, metric: str) -> str | None:
    """Return the model with the best mean, or nothing where all diverged; none that reads what it predicts."""
    means = {
        model: results.metrics[model][split][metric]["mean"]
        for model in results.models
        if metric in results.metrics[model].get(split, {}) and model not in results.meaningless
    }
    higher = metric in METRICS and METRICS[metric].higher_is_better
    return (max if higher else min)(means, key=means.__getitem__) if means else None


def part(results: Results, published: Published) -> Part:
    """Give every metric of every model, of the baseline and of the limit, with the published figures."""
    tables = [_metrics_table(results, published, split) for split in results.splits]
    return Part(
        "Results",
        tuple(_best_sentences(results)),
        tables=(*tables, *_seeds_tables(results)),
        points=(*_meaningless(results), *_diverged(results), *_references(results), *_explanations(results)),
    )


def faults(results: Results, published: Published) -> Part | None:
    """Name the faults of the write-up, and what is done about each here."""
    found = published.datasets.get(results.card["dataset"], ())
    rows = tuple((remedy.fault, remedy.here) for remedy in found)
    caption = "Faults of the write-up, and what is done about them"
    return Part("Beside the write-up", tables=(Table(caption, ("there", "here"), rows, prose=True),)) if rows else None


def _judged_on(results: Results, split: str) -> str:
    card = results.card
    if split == "train":
        rows = cards.total(card)
        return f"{f'all {count(rows)}' if rows > 1 else 'the one row of the'} {card['unit']}, learnt by heart"
    return f"{count(card['rows'][split])} held-out {card['unit']}"


def _shown(results: Results, name: str, split: str, metric: str) -> str:
    values = results.metrics.get(name, {}).get(split, {}).get(metric)
    if name == LIMIT and values:  # models come so near to it that three digits would not part them
        return f"{values['mean']:.4g}"
    return spread(values)


def _claims(results: Results, published: Published, model: str, split: str) -> str:
    """Return a model's published figures, on the split with which they compare."""
    home = [split for split in results.splits if split == "train"] or list(results.splits)
    claims = [
        claim.in_words
        for claim in published.models.get(model, ())
        if split == (claim.split if claim.split in results.splits else home[0])
    ]
    return "; ".join(claims) or NONE


def _best_sentences(results: Results) -> Iterator[str]:
    for split in results.splits:
        metric = headline(results.card["task"], split, results.measured(split))
        model = best(results, split, metric)
        where = f"On {_judged_on(results, split)}"
        if model is None:
            yield f"{where}: no result, as every seed of every model diverged."
            continue
        beside = "".join(
            f", {name} {shown}"
            for name in ("baseline", "limit")
            if (shown := _shown(results, name, split, metric)) != NONE
        )
        shown = _shown(results, model, split, metric)
        yield f"{where}: {model} is the best model, with {label(metric)} {shown}{beside}."
        if split == "test" and _beaten(results, split, metric, model):
            yield "The baseline, which has no network, does better than every model here."


def _beaten(results: Results, split: str, metric: str, model: str) -> bool:
    """Tell whether the strong baseline does better than a model."""
    ours, theirs = (results.metrics.get(name, {}).get(split, {}).get(metric) for name in (model, BASELINE))
    if ours is None or theirs is None:
        return False
    gain = theirs["mean"] - ours["mean"]
    return gain > 0 if metric in METRICS and METRICS[metric].higher_is_better else gain < 0


def _metrics_table(results: Results, published: Published, split: str) -> Table:
    metrics = results.measured(split)
    rows = [
        (
            name,
            *(_shown(results, name, split, metric) for metric in metrics),
            _parameters(results, name),
            _claims(results, published, name, split),
        )
        for name in results.candidates
        if name in results.models or results.metrics[name].get(split)
    ]
    columns = ("model", *(label(metric) for metric in metrics), "parameters", "published")
    return Table(f"Mean and 95 % interval on {_judged_on(results, split)}", columns, tuple(rows))


def _parameters(results: Results, name: str) -> str:
    """Return how many trained numbers a network has."""
    return count(results.models[name]["parameters"]) if name in results.models else NONE


def _seeds_tables(results: Results) -> Iterator[Table]:
    """Yield each seed's own value of the headline metric."""
    for split in results.splits:
        metric = headline(results.card["task"], split, results.measured(split))
        values: dict[str, dict[str, float]] = {}
        for row in results.values:
            if (row["split"], row["metric"]) == (split, metric) and row["model"] in results.models:
                values.setdefault(row["model"], {})[row["seed"]] = float(row["value"])
        seeds = list(dict.fromkeys(seed for of in results.models.values() for seed in of["seeds"]))
        rows = tuple((model, *_by_seed(of, seeds)) for model, of in values.items())
        caption = f"Each seed's {label(metric)} on {_judged_on(results, split)}"
        yield Table(caption, ("model", *(f"seed {seed}" for seed in seeds)), rows)


def _by_seed(values: Mapping[str, float], seeds: Sequence[str]) -> Iterator[str]:
    shown = dict(zip(values, numbers(list(values.values())), strict=True))
    return (shown.get(seed, NONE) for seed in seeds)


def _diverged(results: Results) -> Iterator[str]:
    """Yield what became of seeds that did not finish."""
    for model, of in results.models.items():
        for seed, record in of["seeds"].items():
            if record["status"] != "finished":
                rest = (
                    "the figures are those of the fits that finished" if results.metrics[model] else "no seed finished"
                )
                yield f"{model}, seed {seed}: {record['status']}; {rest}."


def _meaningless(results: Results) -> Iterator[str]:
    """Yield a plain warning for each model that reads what it is asked to predict."""
    for model in results.meaningless:
        yield (
            f"{model} reads its text in both directions, so it reads the very symbol that it is asked to predict. "
            "Its figures say nothing, it is in no ranking, and the text that it writes shows why."
        )


def _references(results: Results) -> Iterator[str]:
    """Yield what each baseline and the limit are."""
    for name in results.candidates:
        if is_reference(name):
            yield f"{name}: {description(results.card['format'], name)}"


def _explanations(results: Results) -> Iterator[str]:
    metrics = dict.fromkeys(metric for split in results.splits for metric in results.measured(split))
    for metric in metrics:
        if metric in EXPLAINED:
            yield f"{label(metric)}: {EXPLAINED[metric]}; {_direction(metric)}."


def _direction(metric: str) -> str:
    return "higher is better" if METRICS[metric].higher_is_better else "lower is better"
