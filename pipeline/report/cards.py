"""The card of each model: what it is, how well it does, what it cannot do and how to use it."""

from collections.abc import Iterator

from pipeline.report import claims, contests, data, limitations, origins, standings, usage
from pipeline.report.origins import Origin
from pipeline.report.parts import Markdown, Part, Section, Table
from pipeline.report.published import Published
from pipeline.report.reading import Model, Results
from pipeline.report.scoring import judge_of, judged_on, ranked, shown, training_perplexity
from pipeline.report.wording import NONE, TASKS, count, counted, label, listed
from pipeline.settings.flat import flat

KEYS = Markdown("[docs/adding-a-model.md](../../docs/adding-a-model.md) says what each means.")
FOLDER = Markdown("In the project's folder, after `dvc repro`, which trains it or brings it from DVC's cache:")
ALL_DIVERGED = "It cannot be loaded: every seed diverged, so there are no weights."
SPLITS = {"validation": "validation rows, on which choices were made", "test": "test rows", "train": "all rows"}


def card(results: Results, published: Published, model: str) -> Section:
    """Put a model's card together."""
    origin = origins.read(results.card["dataset"])
    trained = results.models[model]
    parts = (
        Part("Intended use", (limitations.use(results, model), CAUTION)),
        Part("What it cannot do", points=(*limitations.of(results, model), *_faults(results.card["dataset"], origin))),
        _results(results, published, model),
        _usage(results, model),
        _data(results, origin),
        _training(results, model),
    )
    return Section(model, _opening(results, trained), parts)


CAUTION = "It is one of many small models that were trained to be compared with each other, and to learn from."


def _opening(results: Results, model: Model) -> str:
    """Say in a sentence what a model is."""
    settings, sizes = model.settings, [str(size) for size in model.settings.hidden_sizes]
    units = f"{sizes[0]} units" if len(set(sizes)) == 1 else f"{listed(sizes)} units"
    both = ", read in both directions" if settings.direction == "both" else ""
    return (
        f"A recurrent network (cell {settings.cell}, {counted(settings.layers, 'layer')} of {units}{both}; "
        f"{count(model.parameters)} parameters) that was trained on data set {results.card['dataset']} "
        f"to {TASKS[results.card['task']]}, from {counted(len(model.seeds), 'random start')}."
    )


def _faults(dataset: str, origin: Origin) -> Iterator[str]:
    for fault in origin.faults:
        yield Markdown(f"[Of the data](../../data/README.md#{dataset}): {fault}")


def _results(results: Results, published: Published, model: str) -> Part:
    """Give every figure with its interval, beside baselines and limit and beside what was published."""
    tables = [_split_table(results, model, split) for split in ("test", "validation", "train")]
    tables.append(standings.each_seed(results, model, SPLITS))
    figures = tuple(claims.rows_of(results, published, model))
    if figures:
        tables.append(Table("Published figures beside our own", claims.COLUMNS, figures, prose=True))
    points = [*_standing(results, model), *contests.of(results, model), *standings.judged_elsewhere(results)]
    points += [
        f"A fault of the write-up: {each.fault} Here: {each.here}"
        for each in claims.remedies(results, published, model)
    ]
    sentence = _seeds_behind(results, model)
    if model in results.meaningless:
        sentence = (
            f"Training perplexity {training_perplexity(results, model)}, which means nothing, as do all its figures."
        )
    return Part("Results", (sentence,), tables=tuple(table for table in tables if table), points=tuple(points))


def _seeds_behind(results: Results, model: str) -> str:
    """Say over how many seeds the means are, on each split where they are not as many on all."""
    of, groups = len(results.models[model].seeds), dict[int, list[str]]()
    for split, rows in SPLITS.items():
        if found := len(results.seeds_on(model, split)):
            groups.setdefault(found, []).append(rows.partition(",")[0])
    if not groups:
        return "There are no figures, as every seed diverged."
    if max(groups) == 1:
        return f"The figures are those of one seed of {of}, and say nothing of the luck of the start."
    where = {number: f" on {listed(rows)}" if len(groups) > 1 else "" for number, rows in groups.items()}
    seeds = listed([f"{number} of {counted(of, 'seed')}{rows}" for number, rows in where.items()])
    return (
        f"Means over {seeds}, with the 95 % interval over them: it tells of the luck of the start, "
        "not of that of the rows."
    )


def _split_table(results: Results, model: str, split: str) -> Table | None:
    """Return a row a metric, or nothing where a model has no figures or none that mean anything."""
    found = results.metrics[model].get(split, {})
    if not found or model in results.meaningless:
        return None
    names = (model, *(name for name in results.references if results.metrics[name].get(split)))
    rows = tuple((label(metric), *(shown(results, name, split, metric) for name in names)) for metric in found)
    return Table(f"On {SPLITS[split]}: {judged_on(results, split)}", ("measure", *names), rows)


def _standing(results: Results, model: str) -> Iterator[str]:
    """Yield a model's place among those of its data set."""
    for split in results.splits:
        places = ranked(results, split)
        if len(places) > 1 and model in places and split in results.metrics[model]:
            place = places.index(model) + 1
            rows = SPLITS[judge_of(results, split)].partition(",")[0]
            yield f"Number {place} of {len(places)} models of this data set, by {rows}."


def _usage(results: Results, model: str) -> Part:
    if not (seeds := results.answering(model)):
        return Part("How to use it", (ALL_DIVERGED,))
    trained = results.models[model]
    code = usage.examples(model, trained.settings, results.settings, results.prepared)
    which = "all seeds" if len(seeds) == len(trained.seeds) else f"seeds {listed(seeds)}"
    answers = (
        f"The networks of {which} answer together, with their mean; "
        f"`seed={seeds[0]}` asks the one of seed {seeds[0]} alone."
    )
    if len(seeds) == 1:
        answers = f"The network of seed {seeds[0]} answers."
    return Part("How to use it", tuple(map(Markdown, (answers, *_fit(results, model), FOLDER))), code=code)


def _fit(results: Results, model: str) -> Iterator[str]:
    """Say which of its two fits is loaded, where there should be two."""
    if not results.settings.refit or "test" not in results.splits:
        return
    if not results.seeds_on(model, "train"):
        yield "Loaded so, it is the fit to the training rows, as every fit to all rows diverged."
    elif results.seeds_on(model, "test"):
        yield 'Loaded so, it is the fit to all rows; `fit="held-out"` loads the one that the test figures are of.'
    else:
        yield "Loaded so, it is the fit to all rows; every fit to the training rows diverged."


def _data(results: Results, origin: Origin) -> Part:
    rows = [(name, text or "data/README.md does not say") for name, text in origin.facts]
    table = Table(f"Data set {results.card['dataset']}", ("", ""), (*rows, *data.facts_of(results.card)), prose=True)
    return Part("Data", tables=(table, *data.mended(results.card)))


def _training(results: Results, model: str) -> Part:
    """Say how each seed ended, and give every setting."""
    trained = results.models[model]
    seeds = tuple(
        (seed, of["status"], str(of["epochs"]), str(of["best_epoch"] or NONE)) for seed, of in trained.seeds.items()
    )
    settings = tuple(flat(trained.settings.model_dump(mode="json")).items())
    fits = " both fits" if results.settings.refit and "test" in results.splits else ""
    ended = f"{trained.finished} of {counted(len(seeds), 'seed')} finished{fits}."
    return Part(
        "Training",
        (
            ended,
            *standings.not_portable(results, model),
            Markdown(f"The settings are those of `models.{model}` and `training` in `params.yaml`; {KEYS}"),
        ),
        tables=(
            Table("Seeds", ("seed", "status", "epochs", "epoch whose weights are kept"), seeds),
            Table("Settings", ("setting", "value"), settings),
        ),
    )
