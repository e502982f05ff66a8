"""What else a reader wants to see of a data set: curves, confusions, forecasts, texts, words, numbers."""

from collections.abc import Iterator

from pipeline.report.parts import Figure, Part, Table
from pipeline.report.reading import Results, Rows
from pipeline.report.scoring import ranked
from pipeline.report.wording import NONE, counted, listed, number, share, spread

CONFUSIONS = 5  # named in words, of each model


def parts(results: Results) -> Iterator[Part]:
    """Yield what suits the task, as far as there are figures and tables of it."""
    if curves := _figures(results, "curves", _curves_alt(results)):
        yield Part("Loss by epoch", tuple(_curves_sentences(results)), curves)
    if rows := results.tables.get("confusion"):
        yield _confusions(results, rows)
    if rows := results.tables.get("forecast"):
        yield _forecast(results, rows)
    if rows := results.tables.get("samples"):
        yield _samples(results, rows)
    if rows := results.tables.get("words"):
        yield _words(results, rows)
    if rows := results.tables.get("probes"):
        yield _probes(results, rows)


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
        yield "The mean over seeds, in a band from the lowest to the highest."
    yield (
        "The training loss is taken while the epoch runs, with dropout where there is any; "
        "the validation loss after it."
    )
    asked = [model for model, of in results.models.items() if of.settings.supervision == "every-step"]
    if asked:
        yield f"The training loss of {listed(asked)} is over all steps of a window, the validation loss over its last."
    if results.meaningless:
        yield f"The curves of {listed(results.meaningless)} mean nothing, since it is told what it predicts."


def _curves_alt(results: Results) -> str:
    epochs = ", ".join(
        f"{model} {counted(max((seed['epochs'] for seed in of.seeds.values()), default=0), 'epoch')}"
        for model, of in results.models.items()
    )
    return f"Line chart of training and validation loss by epoch: {epochs}."


def _confusions(results: Results, rows: Rows) -> Part:
    """Name the classes that each model mixes up most, and show its confusion matrix; the best model first."""
    grouped = by_model(rows)
    worst = {model: worst_confusions(grouped[model]) for model in ranked(results, "test") if model in grouped}
    points = tuple(f"{model}: {'; '.join(of) or 'no row was mistaken'}." for model, of in worst.items())
    figures = [
        figure
        for model, of in worst.items()
        for figure in _figures(results, f"confusion-{model}", _confusion_alt(model, of))
    ]
    sentence = "Most often mixed up on the test rows, as shares of the true class over all seeds:"
    return Part("What is mixed up", (sentence,), tuple(figures), points=points)


def _confusion_alt(model: str, worst: list[str]) -> str:
    return f"Confusion matrix of {model} on the test rows. Most often mixed up: {'; '.join(worst) or 'nothing'}."


def worst_confusions(rows: Rows) -> list[str]:
    """Return which class is most often taken for which, as shares of the true class."""
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["truth"]] = totals.get(row["truth"], 0) + int(row["count"])
    wrong = [row for row in rows if row["truth"] != row["prediction"] and int(row["count"])]
    worst = sorted(wrong, key=lambda row: (-int(row["count"]) / totals[row["truth"]], row["truth"]))[:CONFUSIONS]
    return [
        f"{share(int(row['count']) / totals[row['truth']])} of {row['truth']} taken for {row['prediction']}"
        for row in worst
    ]


def _forecast(results: Results, rows: Rows) -> Part:
    days = f"the {len(rows)} test days, {rows[0]['date']} to {rows[-1]['date']}"
    names = [name for name in rows[0] if name not in ("date", "truth")]
    alt = f"Line chart of the true values of {days}, with the forecasts of {', '.join(names)}."
    sentence = f"The next day's value for {days}, each day forecast from the true days before it."
    table = Table(
        "Forecasts of the test days (models: mean over seeds)",
        ("date", "truth", *names),
        tuple((row["date"], *(_rounded(row[name]) for name in ("truth", *names))) for row in rows),
        long=True,
    )
    return Part("Forecast", (sentence,), _figures(results, "forecast", alt), (table,))


def _rounded(cell: str) -> str:
    return f"{float(cell):,.1f}" if cell else NONE


def _samples(results: Results, rows: Rows) -> Part:
    what = "a prefix of the test text"
    if results.card["format"] == "words":
        what = f"the first letter of test words{', as fits to all words' if results.settings.refit else ''}"
    table = Table(
        f"What the models write after {what}",
        ("model", "temperature", "prefix", "text"),
        tuple((_marked(results, row["model"]), row["temperature"], row["prefix"], row["text"]) for row in rows),
    )
    sentence = (
        "At temperature 0 the most probable symbol is taken each time; "
        "at others it is drawn, the more freely the higher the temperature."
    )
    return Part("Generated text", (sentence,), tables=(table,))


def _marked(results: Results, model: str) -> str:
    return f"{model} (reads its target)" if model in results.meaningless else model


def _words(results: Results, rows: Rows) -> Part:
    """Show what each model makes of each word, wrong letters in brackets."""
    models = list(by_model(rows))
    words = list(dict.fromkeys(row["word"] for row in rows))
    cells = {(row["model"], row["word"]): row for row in rows}
    columns = ("word", *(name for model in models for name in (_marked(results, model), "right")))
    table = Table(
        "Word by word",
        columns,
        tuple((word, *(cell for model in models for cell in _word_cells(cells.get((model, word))))) for word in words),
        long=True,
    )
    sentence = (
        "Each letter from the second on is predicted from the true letters before it, by the fit to all words. "
        "Letters in brackets are wrong. Shown is the output of the first seed; the share of letters that are right "
        "is that of all seeds."
    )
    return Part("Word by word", (sentence,), tables=(table,))


def _word_cells(row: dict[str, str] | None) -> tuple[str, str]:
    if row is None:
        return NONE, NONE
    word, output = row["word"], row["output"]
    tail = zip(output, word[len(word) - len(output) :], strict=True)
    marked = "".join(letter if letter == truth else f"[{letter}]" for letter, truth in tail)
    return word[: len(word) - len(output)] + marked, share(float(row["correct"]))


def _probes(results: Results, rows: Rows) -> Part:
    models = list(by_model(rows))
    truths = {row["input"]: number(float(row["target"])) for row in rows}
    cells = {(row["input"], row["model"]): _predicted(row) for row in rows}
    over = "predictions" if results.one_seed else "predictions: mean and 95 % interval over seeds"
    table = Table(
        f"Some inputs, with each model's {over}",
        ("input", "truth", *models),
        tuple(
            (given, truth, *(cells.get((given, model), NONE) for model in models)) for given, truth in truths.items()
        ),
    )
    return Part("Single values", ("Predicted by the fit to all rows.",), tables=(table,))


def _predicted(row: dict[str, str]) -> str:
    keys = {"mean": "prediction", "low": "low", "high": "high"}
    return spread({name: float(row[column]) for name, column in keys.items()})
