"""The model card of each model: what it is, its results, its limitations and how to use it."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.data.formats import FORMATS
from pipeline.data.prepared import ALL_ROWS
from pipeline.data.wording import join_names
from pipeline.params.load import flatten
from pipeline.report import comparisons, data_card, limitations, origins, published_figures, result_tables
from pipeline.report.format import NONE, format_count, format_quantity
from pipeline.report.load import Model, Results
from pipeline.report.origins import Origin
from pipeline.report.parts import Code, Markdown, Part, Section, Table
from pipeline.report.published import Published
from pipeline.report.ranking import describe_rows, format_metric, training_perplexity

KEYS_PAGE = Path("docs/adding-a-model.md")  # of the repository; a project folder has none
FOLDER = Markdown(
    "Run this in the project folder, after `dvc repro`, which trains the model or restores it from DVC's cache:"
)
ALL_DIVERGED = "It cannot be loaded: every seed diverged, so there are no weights."
SPLITS = {"validation": "validation rows", "test": "test rows", "all_rows": "all rows"}
USES = {"validation": " (used for model selection)", "all_rows": " (memorisation)"}


def build(results: Results, published: Published, model: str) -> Section:
    """Return the model card of a model."""
    origin = origins.read(results.dataset)
    trained = results.models[model]
    parts = (
        Part("Intended use", (limitations.describe_use(results, model), CAUTION)),
        _limitations(results, origin, model),
        _results(results, published, model),
        _usage(results, model),
        _data(results, origin),
        _training(results, model),
    )
    return Section(model, _opening(results, trained), parts)


CAUTION = "It is one of many small models, trained to be compared with each other and as examples to learn from."


def _opening(results: Results, model: Model) -> str:
    """Return what a model is, in a sentence."""
    params, sizes = model.params, [str(size) for size in model.params.hidden_sizes]
    units = f"{sizes[0]} units" if len(set(sizes)) == 1 else f"{join_names(sizes)} units"
    bidirectional = ", bidirectional" if params.bidirectional else ""
    layers = f"{format_quantity(params.layers, 'layer')} of {units}"
    return (
        f"A recurrent network (cell {params.cell}, {layers}{bidirectional}; "
        f"{format_count(model.parameters)} parameters), trained on data set {results.dataset} "
        f"to {results.about.goal}, from {format_quantity(len(model.seeds), 'seed')}."
    )


def _limitations(results: Results, origin: Origin, model: str) -> Part:
    """Give the limitations of a model, and the known issues of its data."""
    link = f"../../data/README.md#{results.dataset}"
    issues = (Markdown(f"[Data issue]({link}): {issue}") for issue in origin.issues)
    return Part("Limitations", points=(*limitations.describe(results, model), *issues))


def _results(results: Results, published: Published, model: str) -> Part:
    """Give every result with its interval, beside baselines, bound and published figures."""
    tables = [_split_table(results, model, split) for split in ("test", "validation", "all_rows")]
    tables.append(result_tables.each_seed(results, model, SPLITS))
    if figures := tuple(each.row for each in published_figures.compare(results, published, model)):
        tables.append(Table("Published figures and those measured alike here", published_figures.COLUMNS, figures))
    points = [*_rank(results, model), *comparisons.describe_model(results, model)]
    points += result_tables.describe_evaluation_reproducibility(results)
    points += [
        f"Known issue of the write-up: {each.issue} Here: {each.here}"
        for each in published_figures.known_issues(results, published, model)
    ]
    sentence = _seeds_behind(results, model)
    if model in results.leaking:
        sentence = (
            f"Training perplexity {training_perplexity(results, model)}. It does not measure skill, as the model leaks "
            "its target; the same is true of all its figures, so they are left out."
        )
    return Part("Results", (sentence,), tables=tuple(table for table in tables if table), points=tuple(points))


def _seeds_behind(results: Results, model: str) -> str:
    """Return of how many seeds the figures are, by split if the number differs, and what their intervals show."""
    of, groups = len(results.models[model].seeds), dict[int, list[str]]()
    for split, rows in SPLITS.items():
        if found := len(results.seeds_on(model, split)):
            groups.setdefault(found, []).append(rows)
    if not groups:
        return "There are no results, as every seed diverged."
    interval = " An interval is the 95 % interval of a bootstrap over test items." if "test" in results.splits else ""
    if max(groups) == 1:
        alone = f"The figures are those of one network, of {format_quantity(of, 'seed')}."
        return f"{alone}{interval} They say nothing about the variance across seeds."
    where = {number: f" on {join_names(rows)}" if len(groups) > 1 else "" for number, rows in groups.items()}
    seeds = join_names([f"{number} of {format_quantity(of, 'seed')}{rows}" for number, rows in where.items()])
    apart = " The variance across seeds is apart, in the table of each seed's network."
    return f"The figures are those of the ensemble of {seeds}.{interval}{apart}"


def _split_table(results: Results, model: str, split: str) -> Table | None:
    """Return a row for each metric; None if the model has no results, or leaks its target."""
    found = results.metrics[model].get(split, {})
    if not found or model in results.leaking:
        return None
    names = (model, *(name for name in results.references if results.metrics[name].get(split)))
    rows = tuple(
        (results.label(metric), *(format_metric(results, name, split, metric) for name in names)) for metric in found
    )
    return Table(f"On {SPLITS[split]}{USES.get(split, '')}: {describe_rows(results, split)}", ("metric", *names), rows)


def _rank(results: Results, model: str) -> Iterator[str]:
    """Yield a model's rank among those of its data set."""
    ranking = results.about.ranking
    if len(ranking) > 1 and model in ranking:
        place = ranking.index(model) + 1
        yield f"Rank {place} of {len(ranking)} models of this data set, by its result on validation rows."


def _usage(results: Results, model: str) -> Part:
    if not (seeds := results.loadable_seeds(model)):
        return Part("Usage", (ALL_DIVERGED,))
    trained = results.models[model]
    code = _examples(results, model)
    names = "all seeds" if len(seeds) == len(trained.seeds) else f"seeds {join_names(seeds)}"
    answers = (
        f"Predictions come from the ensemble of {names} (the mean over their networks); "
        f"`seed={seeds[0]}` loads the network of seed {seeds[0]} alone."
    )
    if len(seeds) == 1:
        answers = f"Predictions come from the network of seed {seeds[0]}."
    return Part("Usage", tuple(map(Markdown, (answers, *_fit(results, model), FOLDER))), code=code)


def _examples(results: Results, model: str) -> tuple[Code, Code]:
    """Return lines of Python and of the shell, with an example from the model's own data set."""
    usage = FORMATS[results.params.format].usage(results.params, results.prepared, results.facts(model))
    loaded = f'model = pipeline.load("{model}")'
    python = (*usage.imports, "import pipeline", "", loaded, *usage.python)
    return Code("python", python), Code("sh", usage.shell)


def _fit(results: Results, model: str) -> Iterator[str]:
    """Yield which fit is loaded, where there are two."""
    if "test" in results.splits and results.seeds_on(model, ALL_ROWS):
        yield (
            "This loads the fit to the training rows, whose figures on test rows are above; "
            f'`fit="{ALL_ROWS}"` loads the fit to all rows.'
        )


def _data(results: Results, origin: Origin) -> Part:
    rows = [(name, text or "data/README.md does not say") for name, text in origin.facts]
    table = Table(f"Data set {results.dataset}", ("", ""), (*rows, *data_card.facts(results.prepared)), prose=True)
    return Part("Data", tables=(table, *data_card.issue_tables(results.card)))


def _training(results: Results, model: str) -> Part:
    """Give the status of each seed, and every param."""
    trained = results.models[model]
    seeds = tuple(
        (seed, of["status"], str(of["epochs"]), str(of["best_epoch"] or NONE)) for seed, of in trained.seeds.items()
    )
    params = tuple(flatten(trained.params.model_dump(mode="json")).items())
    fits = (
        " both fits (to the training rows, and to all rows)"
        if results.params.refit and "test" in results.splits
        else ""
    )
    failures = "".join(f"; {count} {ending}" for ending, count in trained.failures.items())
    ended = f"{trained.finished} of {format_quantity(len(seeds), 'seed')} finished{fits}{failures}."
    return Part(
        "Training",
        (
            ended,
            *result_tables.describe_training_reproducibility(results, model),
            Markdown(f"The params come from `models.{model}` and `defaults` in `params.yaml`{_explained()}."),
        ),
        tables=(
            Table("Seeds", ("seed", "status", "epochs", "epoch whose weights are kept"), seeds),
            *_samples(trained),
            Table("Params", ("param", "value"), params),
        ),
    )


def _samples(model: Model) -> Iterator[Table]:
    """Yield a table of the texts that the first seed's network wrote while it was trained, if params ask for them."""
    first = [
        row for row in model.samples if (row["seed"], row["fit"]) == (model.samples[0]["seed"], model.samples[0]["fit"])
    ]
    if rows := tuple((row["epoch"], row["prefix"], row["text"]) for row in first):
        yield Table(
            "Texts written during training, the most likely symbol each time", ("epoch", "prefix", "text"), rows
        )


def _explained() -> str:
    """Return where the params are explained, if that page is here."""
    return f"; [{KEYS_PAGE}](../../{KEYS_PAGE}) explains each of them" if KEYS_PAGE.exists() else ""
