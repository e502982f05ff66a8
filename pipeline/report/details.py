"""What else a reader wants to see of a data set: curves, confusions, forecasts, texts, words, numbers."""

from collections.abc import Iterator

from pipeline.report.parts import Figure, Part, Table
from pipeline.report.reading import Results, Rows
from pipeline.report.wording import NONE, number, share, spread

CONFUSIONS = 6  # named in words


def parts(results: Results) -> Iterator[Part]:
    """Yield what suits the task, as far as there are figures and tables of it."""
    if curves := _figures(results, "curves", _curves_alt(results)):
        yield Part("Loss by epoch", (_curves_sentence(),), curves)
    if rows := results.tables.get("confusion"):
        yield from (_confusion(results, model, of) for model, of in _by_model(rows).items())
    if rows := results.tables.get("forecast"):
        yield _forecast(results, rows)
    if rows := results.tables.get("samples"):
        yield _samples(rows)
    if rows := results.tables.get("words"):
        yield _words(rows)
    if rows := results.tables.get("probes"):
        yield _probes(rows)


def _figures(results: Results, stem: str, alt: str) -> tuple[Figure, ...]:
    return tuple(Figure(path, alt) for path in results.figures if path.stem == stem)


def _by_model(rows: Rows) -> dict[str, Rows]:
    grouped: dict[str, Rows] = {}
    for row in rows:
        grouped.setdefault(row["model"], []).append(row)
    return grouped


def _curves_sentence() -> str:
    return (
        "The mean over seeds, in a band from the lowest to the highest. "
        "The training loss is taken while the epoch runs, with dropout where there is any; "
        "the validation loss after it."
    )


def _curves_alt(results: Results) -> str:
    epochs = ", ".join(
        f"{model} {max((seed['epochs'] for seed in of['seeds'].values()), default=0)} epochs"
        for model, of in results.models.items()
    )
    return f"Line chart of training and validation loss by epoch: {epochs}."


def _confusion(results: Results, model: str, rows: Rows) -> Part:
    """Show a model's confusion matrix, and name the classes that it mixes up most."""
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["truth"]] = totals.get(row["truth"], 0) + int(row["count"])
    wrong = [row for row in rows if row["truth"] != row["prediction"] and int(row["count"])]
    worst = sorted(wrong, key=lambda row: (-int(row["count"]) / totals[row["truth"]], row["truth"]))[:CONFUSIONS]
    points = tuple(
        f"{share(int(row['count']) / totals[row['truth']])} of {row['truth']} taken for {row['prediction']}"
        for row in worst
    )
    alt = f"Confusion matrix of {model} on the test rows. Most often mixed up: {'; '.join(points) or 'nothing'}."
    sentence = "Most often mixed up, as shares of the true class over all seeds:" if points else "No row was mistaken."
    return Part(f"What {model} mixes up", (sentence,), _figures(results, f"confusion-{model}", alt), points=points)


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


def _samples(rows: Rows) -> Part:
    table = Table(
        "What the models write after a prefix of the test text",
        ("model", "temperature", "prefix", "text"),
        tuple((row["model"], row["temperature"], row["prefix"], row["text"]) for row in rows),
    )
    sentence = (
        "At temperature 0 the most probable symbol is taken each time; "
        "at others it is drawn, the more freely the higher the temperature."
    )
    return Part("Generated text", (sentence,), tables=(table,))


def _words(rows: Rows) -> Part:
    """Show what each model makes of each word, wrong letters in brackets."""
    by_model = _by_model(rows)
    words = list(dict.fromkeys(row["word"] for row in rows))
    cells = {(row["model"], row["word"]): row for row in rows}
    columns = ("word", *(name for model in by_model for name in (model, "right")))
    table = Table(
        "Word by word",
        columns,
        tuple(
            (word, *(cell for model in by_model for cell in _word_cells(cells.get((model, word))))) for word in words
        ),
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


def _probes(rows: Rows) -> Part:
    table = Table(
        "Some inputs, with mean and 95 % interval of the predictions over seeds",
        ("input", "model", "truth", "prediction"),
        tuple((row["input"], row["model"], number(float(row["target"])), _predicted(row)) for row in rows),
    )
    return Part("Single values", ("Predicted by the fit to all rows.",), tables=(table,))


def _predicted(row: dict[str, str]) -> str:
    keys = {"mean": "prediction", "low": "low", "high": "high"}
    return spread({name: float(row[column]) for name, column in keys.items()})
