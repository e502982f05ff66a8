"""The report's content, before it becomes a page."""

from dataclasses import dataclass

from pipeline.report import cards, contests, details, published, reading, standings
from pipeline.report.parts import Section, Table
from pipeline.report.published import Published
from pipeline.report.reading import Results
from pipeline.report.wording import TASKS, count
from pipeline.settings import Settings


@dataclass(frozen=True)
class View:
    """Everything that stands in the report."""

    intro: tuple[str, ...]
    summary: Table
    sections: tuple[Section, ...]


def build(settings: Settings) -> View:
    """Read all results and put the report together, data sets in the order of params.yaml."""
    known = published.read()
    found = [reading.read(dataset, settings) for dataset in settings.datasets]
    rows = tuple(row for results in found for row in standings.summary(results, known))
    return View(
        intro=tuple(_intro(settings)),
        summary=Table("All data sets: the best model beside what it has to beat", standings.SUMMARY, rows),
        sections=tuple(_section(results, known) for results in found),
    )


def _intro(settings: Settings) -> list[str]:
    seeds, models, datasets = len(settings.seeds), len(settings.models), len(settings.datasets)
    return [
        f"{_counted(models, 'small sequence model')} on {_counted(datasets, 'data set')}, "
        f"each trained from {_counted(seeds, 'random start')} (seeds {', '.join(map(str, settings.seeds))}).",
        "A figure such as 0.845 (0.839 to 0.851) is the mean over the seeds, with the interval that holds the mean of "
        "ever more seeds in 95 of 100 such experiments. It tells of the luck of the start, not of that of the rows.",
        "Settings were chosen on validation rows, but test figures were in sight meanwhile, and for binary one "
        "prompted a change: take them as slightly flattering. “Learnt by heart” marks a fit to all rows, judged on "
        "those same rows: it shows what a model can hold, not what it makes of new ones.",
        "The baseline is a well-known method without a network; each data set says which. The limit is the best that "
        "any model could do, where it is known. Published figures come from write-ups of such models, and often were "
        "measured on training rows.",
    ]


def _section(results: Results, known: Published) -> Section:
    card = results.card
    parts = [
        standings.part(results, known),
        contests.part(results),
        *details.parts(results),
        cards.part(card),
        standings.faults(results, known),
    ]
    opening = f"Task: {TASKS[card['task']]}. There are {count(cards.total(card))} {card['unit']} in all."
    if cards.total(card) == 1:
        opening = f"Task: {TASKS[card['task']]}. There is one row of {card['unit']}."
    return Section(card["dataset"], opening, tuple(part for part in parts if part is not None))


def _counted(quantity: int, noun: str) -> str:
    return f"{quantity} {noun}{'' if quantity == 1 else 's'}"
