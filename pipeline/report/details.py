"""Details of a data set's results: learning curves, confusions, forecasts, texts, words, numbers."""

from collections.abc import Callable, Iterator, Mapping

from pipeline.data.wording import join_names
from pipeline.evaluation import confusions
from pipeline.evaluation.stored import Rows
from pipeline.report.data_card import count_rows
from pipeline.report.format import NONE, format_number, format_quantity, format_share
from pipeline.report.load import Results
from pipeline.report.parts import Figure, Part, Table
from pipeline.report.ranking import describe_rows, ranked

CONFUSIONS = 5  # named in words, for each model


def parts(results: Results) -> Iterator[Part]:
    """Yield the learning curves, and a part for each table of predictions."""
    if results.models and (curves := _figures(results, "curves", _curves_alt(results))):
        yield Part("Loss by epoch", tuple(_curves_sentences(results)), curves)
    for stem, heading in results.about.table_headings.items():
        if rows := results.tables.get(stem):
            present = PARTS.get(stem)
            yield present(results, heading, rows) if present else _as_it_is(results, stem, heading, rows)


def _figures(results: Results, stem: str, alt: str) -> tuple[Figure, ...]:
    return tuple(Figure(path, alt) for path in results.figures if path.stem == stem)


def by_model(rows: Rows) -> dict[str, Rows]:
    """Return the rows of each model."""
    grouped: dict[str, Rows] = {}
    for row in rows:
        grouped.setdefault(row["model"], []).append(row)
    return grouped


def _curves_sentences(results: Results) -> Iterator[str]:
    if not results.one_seed:
        yield "Lines are means over seeds; bands reach from the lowest to the highest seed."
    yield (
        "The training loss is averaged over the epoch while the network is trained, with dropout where there is any; "
        "the validation loss is measured at the end of the epoch."
    )
    every_step = [model for model, of in results.models.items() if of.params.supervision == "every-step"]
    if every_step:
        names = join_names(every_step)
        yield f"The training loss of {names} is over all steps of a window, the validation loss over the last step."
    if results.leaking:
        yield f"The curves of {join_names(results.leaking)} do not measure skill, since it leaks its target."


def _curves_alt(results: Results) -> str:
    epochs = ", ".join(
        f"{model} {format_quantity(max((seed['epochs'] for seed in of.seeds.values()), default=0), 'epoch')}"
        for model, of in results.models.items()
    )
    return f"Line plot of training and validation loss by epoch: {epochs}."


def _confusions(results: Results, heading: str, rows: Rows) -> Part:
    """Name the classes that each model confuses most, with its confusion matrix; the best model first."""
    grouped = by_model(rows)
    worst = {model: worst_confusions(grouped[model]) for model in ranked(results) if model in grouped}
    points = tuple(f"{model}: {'; '.join(of) or 'no row is misclassified'}." for model, of in worst.items())
    figures = [
        figure
        for model, of in worst.items()
        for figure in _figures(results, f"confusion-{model}", _confusion_alt(model, of))
    ]
    where = describe_rows(results, results.headline_split)
    sentence = f"The most frequent confusions on {where}, as shares of the true class:"
    return Part(heading, (*_cut(results), sentence), tuple(figures), tuple(_renamed_classes(results)), points)


def _cut(results: Results) -> Iterator[str]:
    """Yield what figures and table leave out, if there are many classes."""
    if len(results.prepared.classes) > confusions.MAX_CLASSES:
        yield (
            f"The figures show the {confusions.MAX_CLASSES} most confused classes of each model; the table "
            f"confusion.csv has the {confusions.MAX_PAIRS:,} most frequent confusions, and their rest without a "
            "predicted class."
        )


def _renamed_classes(results: Results) -> Iterator[Table]:
    """Yield a table of the classes that the figures show by their number."""
    if rows := results.tables.get("classes"):
        renamed = tuple((row["figure"], row["class"]) for row in rows)
        yield Table("Classes that the figures do not show in full", ("in figures", "class"), renamed, long=True)


def _confusion_alt(model: str, worst: list[str]) -> str:
    return f"Confusion matrix of {model}. Most frequent confusions: {'; '.join(worst) or 'none'}."


def worst_confusions(rows: Rows) -> list[str]:
    """Return the most frequent confusions of two classes, as shares of the true class."""
    totals = confusions.count_by_truth(rows)
    wrong = [row for row in rows if row["prediction"] not in (row["truth"], confusions.REST) and int(row["count"])]
    worst = sorted(wrong, key=lambda row: (-int(row["count"]) / totals[row["truth"]], row["truth"]))[:CONFUSIONS]
    return [
        f"{format_share(int(row['count']) / totals[row['truth']])} of {row['truth']} classified as {row['prediction']}"
        for row in worst
    ]


def _series(results: Results, heading: str, rows: Rows) -> Part:
    """Show the whole series, before any forecast."""
    days = f"{len(rows)} days, {rows[0]['date']} to {rows[-1]['date']}"
    return Part(heading, (f"The value of each of {days}.",), _figures(results, "series", f"Line plot of {days}."))


def _forecast(results: Results, heading: str, rows: Rows) -> Part:
    kind = "test days" if "test" in results.splits else "days, on which the models were trained"
    days = f"the {len(rows)} {kind}, {rows[0]['date']} to {rows[-1]['date']}"
    names = [name for name in rows[0] if name not in ("date", "truth")]
    alt = f"Line plot of the true values of {days}, with the forecasts of {', '.join(names)}."
    sentence = f"Forecasts of {days}, each from the true values of the days before it."
    table = Table(
        "Forecasts",
        ("date", "true value", *names),
        tuple((row["date"], *(_rounded(row[name]) for name in ("truth", *names))) for row in rows),
        long=True,
    )
    return Part(heading, (sentence,), _figures(results, "forecast", alt), (table,))


def _rounded(value: str) -> str:
    return f"{float(value):,.1f}" if value else NONE


def _samples(results: Results, heading: str, rows: Rows) -> Part:
    prefix = "a prefix of the test text"
    if "stream" not in results.prepared.splits["train"]:
        prefix = f"the first letter of test words{', by models trained on all words' if results.params.refit else ''}"
    table = Table(
        f"Text generated after {prefix}",
        ("model", "temperature", "prefix", "text"),
        tuple((_mark_leaking(results, row["model"]), row["temperature"], row["prefix"], row["text"]) for row in rows),
    )
    sentence = (
        "At temperature 0 the most probable symbol is taken each time; at a higher temperature symbols are sampled, "
        "and the text is more random."
    )
    return Part(heading, (sentence,), tables=(table,))


def _mark_leaking(results: Results, model: str) -> str:
    return f"{model} (leaks its target)" if model in results.leaking else model


def _words(results: Results, heading: str, rows: Rows) -> Part:
    """Show what each model predicts for each word, wrong letters in brackets."""
    models = list(by_model(rows))
    words = list(dict.fromkeys(row["word"] for row in rows))
    found = {(row["model"], row["word"]): row for row in rows}
    columns = ("word", *(name for model in models for name in (_mark_leaking(results, model), "correct")))
    table = Table(
        "Word by word",
        columns,
        tuple(
            (word, *(text for model in models for text in _word_columns(found.get((model, word))))) for word in words
        ),
        long=True,
    )
    sentence = (
        "Each letter after the first is predicted from the true letters before it, by the models trained on all "
        "words. Letters in brackets are wrong."
    )
    listed, all_words = len(next(iter(by_model(rows).values()))), count_rows(results.card)
    first = (f"The table has the first {listed:,} of {all_words:,} words.",) if listed < all_words else ()
    return Part(heading, (sentence, *first), tables=(table,))


def _word_columns(row: dict[str, str] | None) -> tuple[str, str]:
    if row is None:
        return NONE, NONE
    word, output = row["word"], row["output"]
    tail = zip(output, word[len(word) - len(output) :], strict=True)
    marked = "".join(letter if letter == truth else f"[{letter}]" for letter, truth in tail)
    return word[: len(word) - len(output)] + marked, format_share(float(row["correct"]))


def _probes(results: Results, heading: str, rows: Rows) -> Part:
    models = list(by_model(rows))
    truths = {row["input"]: format_number(float(row["target"])) for row in rows}
    found = {(row["input"], row["model"]): format_number(float(row["prediction"])) for row in rows}
    table = Table(
        "Some inputs, with each model's prediction",
        ("input", "true value", *models),
        tuple(
            (given, truth, *(found.get((given, model), NONE) for model in models)) for given, truth in truths.items()
        ),
    )
    return Part(heading, ("By the models trained on all rows.",), tables=(table,))


def _as_it_is(results: Results, stem: str, heading: str, rows: Rows) -> Part:
    """Show a table that has no presentation of its own, with the figures of its name."""
    table = Table(heading, tuple(rows[0]), tuple(tuple(row.values()) for row in rows), long=True)
    return Part(heading, figures=_figures(results, stem, heading), tables=(table,))


PARTS: Mapping[str, Callable[[Results, str, Rows], Part]] = {
    "confusion": _confusions,
    "series": _series,
    "forecast": _forecast,
    "samples": _samples,
    "words": _words,
    "probes": _probes,
}
