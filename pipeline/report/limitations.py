"""What a model is for, and what it cannot do, by its task, its data and its params."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipeline.report import data_card
from pipeline.report.details import by_model
from pipeline.report.format import format_count, format_share, join_names, label_metric
from pipeline.report.leaks import WARNING
from pipeline.report.load import Results
from pipeline.report.parts import Markdown
from pipeline.report.ranking import better_baselines, describe_rows, format_metric

USES = {
    "words": "To predict the next letter of a word from the letters before it, and to generate words.",
    "text": "To predict the next character of a text, to compute how probable a text is, and to continue a text.",
    "labelled": "To classify a text like those of the data set into one of {classes} classes.",
    "windows": "To predict from {width} characters of a text which of {classes} classes the next character has.",
    "pairs": "To compute a number from a sequence of numbers like those of the data set.",
    "series": "To forecast the next day of the one series that it was trained on.",
}
FEW = 0.25  # of the rows of the largest class
WEAKEST = 3


def describe_use(results: Results, model: str) -> str:
    """Return what a model is for."""
    if model in results.leaking:
        return "To show what happens when a network's input contains what it has to predict; for nothing else."
    classes, width = len(results.data_card["classes"] or ()), getattr(results.params, "width", None)
    return USES[results.params.format].format(classes=classes, width=width)


def describe(results: Results, model: str) -> Iterator[str]:
    """Yield what a model cannot do."""
    trained = results.models[model]
    if model in results.leaking:
        yield f"{model} {WARNING}"
    yield from _better_baselines(results, model)
    yield from LIMITATIONS[results.params.format](results, model, results.params)
    if results.data_card["classes"]:
        yield from _lowest_recall(results, model)
    if "test" not in results.splits:
        yield "No rows were held out, so its performance on new rows is unknown."
    if results.loadable_seeds(model) and (failed := len(trained.seeds) - trained.finished):
        yield f"Training diverged for {failed} of its {len(trained.seeds)} seeds, and may diverge for others, too."


def _better_baselines(results: Results, model: str) -> Iterator[str]:
    """Yield each method without a network that has a better mean than this model."""
    for name, metric in () if model in results.leaking else better_baselines(results, model, "test"):
        ours, theirs = (format_metric(results, each, "test", metric) for each in (model, name))
        rows = describe_rows(results, "test")
        yield (
            f"A method without a network has a better mean on {rows}: "
            f"{label_metric(metric)} {theirs} ({name}), compared with {ours}."
        )


def _words(results: Results, model: str, params: Any) -> Iterator[str]:
    lengths = [int(each) for arrays in results.prepared.splits.values() for each in arrays["lengths"]]
    rows, unit = format_count(data_card.count_rows(results.data_card)), results.data_card["unit"]
    yield f"It was trained on {rows} {unit} at most, and knows nothing else of the language."
    yield f"It accepts only these symbols, and refuses any other: {params.alphabet}"
    yield f"It generates words of at most {max(lengths)} letters."


def _text(results: Results, model: str, params: Any) -> Iterator[str]:
    opening = results.data_card["passage"]["opening"]
    yield (
        f"It was trained on one text, {format_count(results.data_card['rows']['train'])} characters of a passage that "
        f"begins “{opening}…”. It knows the language and style of that text, and no other."
    )
    yield _symbols(results, params)
    yield "The text that it generates may look like that text without making sense; at temperature 0 it may repeat."


def _labelled(results: Results, model: str, params: Any) -> Iterator[str]:
    classes: Mapping[str, int] = results.data_card["classes"]
    yield f"It predicts one of {len(classes)} classes for every input; it cannot say that none of them fits."
    rows = sorted(classes.items(), key=lambda pair: pair[1])
    if few := [f"{name} ({format_count(of)})" for name, of in rows if of <= FEW * rows[-1][1]]:
        yield f"Classes with few rows, held-out ones included: {join_names(few)}. It is less reliable for these."
    yield _symbols(results, params)


def _windows(results: Results, model: str, params: Any) -> Iterator[str]:
    yield f"It reads {params.width} characters, and ignores those before them."
    classes = join_names([f"{name} ({symbols})" for name, symbols in params.classes.items()], "or")
    others = set(params.alphabet).difference(*params.classes.values())
    never = f"; it never predicts another character{', such as a space' if ' ' in others else ''}"
    yield f"It predicts {classes}{never if others else ''}."
    opening = results.data_card["passage"]["opening"]
    yield f"It was trained on one text, which begins “{opening}…”, and knows the spelling and style of no other."
    yield _symbols(results, params)


def _pairs(results: Results, model: str, params: Any) -> Iterator[str]:
    splits = results.prepared.splits
    trained_on = splits.values() if results.data_card["refit"] else [splits["train"]]  # the networks that answer
    targets = sorted(float(target) for arrays in trained_on for target in arrays["targets"])
    yield f"It takes sequences of exactly {splits['train']['inputs'].shape[1]} values."
    if len(targets) == 1:
        yield "It was trained on one sequence, and has learned nothing about any other."
    else:
        yield (
            f"The numbers of its training rows range from {targets[0]:g} to {targets[-1]:g}; "
            "do not trust it outside this range."
        )
    yield "It gives an estimate: where there is a formula, use that."


def _series(results: Results, model: str, params: Any) -> Iterator[str]:
    days = [str(arrays["dates"][end]) for arrays in results.prepared.splits.values() for end in (0, -1)]
    yield f"Its data cover {days[0]} to {days[-1]}{_days_trained_on(results, model)}. It knows nothing of later days."
    window = results.models[model].params.window
    yield f"It forecasts the next day only, from the last {window} values and nothing else."
    yield "It knows of no holidays, prices or promotions, and gives no uncertainty with its forecasts."


def _days_trained_on(results: Results, model: str) -> str:
    """Return which days of a series were held out, and from which fit."""
    if "test" not in results.prepared.splits:
        return ", and it was trained on all of these days"
    if results.seeds_on(model, "all_rows"):
        return (
            ", and it was trained on all of these days; "
            "the network that the test figures are of was not trained on the last ones"
        )
    return ", with the last days held out"


LIMITATIONS: Mapping[str, Callable[[Results, str, Any], Iterator[str]]] = {
    "words": _words,
    "text": _text,
    "labelled": _labelled,
    "windows": _windows,
    "pairs": _pairs,
    "series": _series,
}


def _symbols(results: Results, params: Any) -> str:
    """Return which symbols a model accepts."""
    alphabet = getattr(params, "alphabet", "any")
    if alphabet != "any":
        symbols = alphabet.replace(" ", "") + (" and the space" if " " in alphabet else "")
        return f"It reads only these symbols, and cleans other text in the same way as its training text: {symbols}"
    has_unknown = results.data_card["unknown"] is not None
    known = f"It accepts the {format_count(results.data_card['symbols'] - has_unknown)} symbols of its training rows."
    table = "; `predict --input` reads those of a table as the `unknown` token" if has_unknown else ""
    return Markdown(f"{known} It refuses out-of-vocabulary (OOV) symbols{table}.")


def _lowest_recall(results: Results, model: str) -> Iterator[str]:
    """Yield the classes with the lowest recall on test rows."""
    rows = by_model(results.tables.get("confusion", [])).get(model, [])
    counts: dict[str, list[int]] = {}
    for row in rows:
        right, total = counts.setdefault(row["truth"], [0, 0])
        hit = int(row["count"]) if row["truth"] == row["prediction"] else 0
        counts[row["truth"]] = [right + hit, total + int(row["count"])]
    recalls = sorted((right / total, name) for name, (right, total) in counts.items() if total)
    if len(recalls) > WEAKEST:
        lowest = [f"{name} ({format_share(recall)})" for recall, name in recalls[:WEAKEST]]
        yield f"Lowest recall on test rows: {join_names(lowest)}."
    elif recalls:
        yield f"Recall on test rows: {join_names([f'{name} {format_share(recall)}' for recall, name in recalls])}."
