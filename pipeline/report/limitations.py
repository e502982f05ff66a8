"""What a model is for, and what it cannot do: told by its task, its data and its settings."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipeline.report import data
from pipeline.report.details import by_model
from pipeline.report.parts import Markdown
from pipeline.report.reading import Results
from pipeline.report.scoring import better_than, judged_on, shown
from pipeline.report.targets import WARNING
from pipeline.report.wording import count, label, listed, share

USES = {
    "words": "To tell the next letter of a word from the letters before it, and to write words.",
    "text": "To tell the next character of a text, to say how likely a text is, and to write on from a beginning.",
    "labelled": "To tell which of {classes} classes a text such as those of the data set belongs to.",
    "windows": "To tell from {width} characters of a text which of {classes} classes the next character has.",
    "pairs": "To compute a number from a sequence of numbers such as those of the data set.",
    "series": "To forecast the next day of the one series that it was trained on.",
}
FEW = 0.25  # of the rows of the largest class
WEAKEST = 3
STRANGE = "; `predict --input` reads a table's others as one unknown symbol"


def use(results: Results, model: str) -> str:
    """Say what a model is for."""
    if model in results.meaningless:
        return "To show what happens when a network reads what it is asked to predict; for nothing else."
    classes, width = len(results.card["classes"] or ()), getattr(results.settings, "width", None)
    return USES[results.settings.format].format(classes=classes, width=width)


def of(results: Results, model: str) -> Iterator[str]:
    """Yield what a model cannot do."""
    trained = results.models[model]
    if model in results.meaningless:
        yield f"{model} {WARNING}"
    yield from _beaten(results, model)
    yield from LIMITATIONS[results.settings.format](results, model, results.settings)
    if results.card["classes"]:
        yield from _weakest(results, model)
    if "test" not in results.splits:
        yield "No row was held out, so nothing is known of what it makes of new ones."
    if results.answering(model) and (failed := len(trained.seeds) - trained.finished):
        yield f"A training of {failed} of its {len(trained.seeds)} seeds diverged; another may, too."


def _beaten(results: Results, model: str) -> Iterator[str]:
    """Yield what does better than this model without a network."""
    for name, metric in () if model in results.meaningless else better_than(results, model, "test"):
        ours, theirs = (shown(results, each, "test", metric) for each in (model, name))
        where = judged_on(results, "test")
        yield f"A method without a network has a better mean on {where}: {label(metric)} {theirs} ({name}), not {ours}."


def _words(results: Results, model: str, settings: Any) -> Iterator[str]:
    lengths = [int(each) for arrays in results.prepared.splits.values() for each in arrays["lengths"]]
    rows, unit = count(data.total(results.card)), results.card["unit"]
    yield f"It has seen {rows} {unit} at most, and knows nothing of the language beyond them."
    yield f"It reads these symbols and refuses any other: {settings.alphabet}"
    yield f"It writes words of at most {max(lengths)} letters."


def _text(results: Results, model: str, settings: Any) -> Iterator[str]:
    opening = results.card["passage"]["opening"]
    yield (
        f"It has read one text, {count(results.card['rows']['train'])} characters of a passage that begins "
        f"“{opening}…”. It knows the language and style of that text, and no other."
    )
    yield _symbols(results, settings)
    yield "What it writes may look like that text, and need not have any sense; at temperature 0 it may repeat itself."


def _labelled(results: Results, model: str, settings: Any) -> Iterator[str]:
    classes: Mapping[str, int] = results.card["classes"]
    yield f"It names one of {len(classes)} classes whatever it is given; it cannot say that none of them fits."
    rows = sorted(classes.items(), key=lambda pair: pair[1])
    if few := [f"{name} ({count(of)})" for name, of in rows if of <= FEW * rows[-1][1]]:
        yield f"Classes with few rows, held-out ones included: {listed(few)}. Trust it less there."
    yield _symbols(results, settings)


def _windows(results: Results, model: str, settings: Any) -> Iterator[str]:
    yield f"It reads {settings.width} characters; what stands before them plays no part."
    followers = listed([f"{name} ({symbols})" for name, symbols in settings.classes.items()], "or")
    others = set(settings.alphabet).difference(*settings.classes.values())
    never = f": that any other character follows{', such as a space,' if ' ' in others else ''} it never says"
    yield f"Its answer is {followers}{never if others else ''}."
    opening = results.card["passage"]["opening"]
    yield f"It has read one text, which begins “{opening}…”, and knows the spelling and style of no other."
    yield _symbols(results, settings)


def _pairs(results: Results, model: str, settings: Any) -> Iterator[str]:
    splits = results.prepared.splits
    read = splits.values() if results.card["refit"] else [splits["train"]]  # by the networks that answer
    targets = sorted(float(target) for arrays in read for target in arrays["targets"])
    yield f"It takes sequences of exactly {splits['train']['inputs'].shape[1]} values."
    if len(targets) == 1:
        yield "It has seen one sequence, and says nothing of any other."
    else:
        yield f"Its training rows hold numbers from {targets[0]:g} to {targets[-1]:g}; do not trust it beyond them."
    yield "Its answer is an estimate: where there is a formula, use that."


def _series(results: Results, model: str, settings: Any) -> Iterator[str]:
    days = [str(arrays["dates"][end]) for arrays in results.prepared.splits.values() for end in (0, -1)]
    yield f"Its days are {days[0]} to {days[-1]}{_seen(results, model)}: of what came later it knows nothing."
    window = results.models[model].settings.window
    yield f"It forecasts the next day alone, from the last {window} values and nothing else."
    yield "It knows of no holiday, price or promotion, and does not say how sure it is."


def _seen(results: Results, model: str) -> str:
    """Say which days of a series were held out, and from which fit."""
    if "test" not in results.prepared.splits:
        return ", and it has seen them all"
    if results.seeds_on(model, "train"):
        return ", and it has seen them all; the fit that the test figures are of has not seen the last of them"
    return ", the last of them held out"


LIMITATIONS: Mapping[str, Callable[[Results, str, Any], Iterator[str]]] = {
    "words": _words,
    "text": _text,
    "labelled": _labelled,
    "windows": _windows,
    "pairs": _pairs,
    "series": _series,
}


def _symbols(results: Results, settings: Any) -> str:
    """Say which symbols a model reads."""
    alphabet = getattr(settings, "alphabet", "any")
    if alphabet != "any":
        shown = alphabet.replace(" ", "") + (" and the space" if " " in alphabet else "")
        return f"It reads these symbols alone, and brings other text into them as its data were: {shown}"
    spare = results.card["unknown"] is not None
    known = f"It knows the {count(results.card['symbols'] - spare)} symbols of its training rows. It refuses any other"
    return Markdown(f"{known}{STRANGE if spare else ''}.")


def _weakest(results: Results, model: str) -> Iterator[str]:
    """Yield the classes whose test rows a model gets right least often."""
    rows = by_model(results.tables.get("confusion", [])).get(model, [])
    rows_of: dict[str, list[int]] = {}
    for row in rows:
        right, total = rows_of.setdefault(row["truth"], [0, 0])
        hit = int(row["count"]) if row["truth"] == row["prediction"] else 0
        rows_of[row["truth"]] = [right + hit, total + int(row["count"])]
    shares = sorted((right / total, name) for name, (right, total) in rows_of.items() if total)
    if len(shares) > WEAKEST:
        yield f"Least often right on test rows: {listed([f'{name} ({share(of)})' for of, name in shares[:WEAKEST]])}."
    elif shares:
        yield f"Right on test rows: {listed([f'{name} {share(of)}' for of, name in shares])}."
