"""The report's content, before it becomes a page."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.report import (
    cards,
    claims,
    contests,
    data,
    details,
    joint,
    published,
    reading,
    standings,
    targets,
    verdicts,
)
from pipeline.report.parts import Part, Section, Table
from pipeline.report.published import Published
from pipeline.report.reading import Results
from pipeline.report.wording import TASKS, count, counted
from pipeline.settings import Settings


@dataclass(frozen=True)
class View:
    """Everything that stands in the report and in the cards of the models."""

    opening: str
    summary: Table
    short: Part
    notes: Part
    sections: tuple[Section, ...]
    cards: Mapping[str, Section]


def build(settings: Settings) -> View:
    """Read all results and put the report together, data sets in the order of params.yaml."""
    known = published.read()
    found = [reading.read(dataset, settings) for dataset in settings.datasets]
    rows = tuple(row for results in found for row in standings.summary(results, known))
    return View(
        opening=_opening(settings),
        summary=Table("The best model of each data set, beside what it has to beat", standings.SUMMARY, rows),
        short=Part("In short", points=tuple(verdicts.over_all(found))),
        notes=Part("How to read the figures", points=tuple(_notes())),
        sections=tuple(_section(results, known) for results in found),
        cards={model: cards.card(results, known, model) for results in found for model in results.models},
    )


def _opening(settings: Settings) -> str:
    return (
        f"{counted(len(settings.models), 'small sequence model')} on {counted(len(settings.datasets), 'data set')}, "
        f"each trained from {counted(len(settings.seeds), 'random start')}. Where rows are held out, the best model is "
        "chosen on validation rows and judged on test rows. A model's name leads to its card."
    )


def _notes() -> list[str]:
    return [
        "A figure such as 0.845 (0.839 to 0.851) is the mean over the seeds, with an interval made so that in 95 of "
        "100 repetitions it holds the mean over very many seeds. It tells of the luck of the start, not of that of the "
        "rows. A figure without one comes from a single seed, from seeds that agree, or from what needs no seed.",
        "↑ marks a measure of which more is better, ↓ one of which less is. What each measures stands at the end of "
        "each data set's part.",
        contests.METHOD,
        "The settings of the models that come with this project were chosen on validation rows; docs/results.md tells "
        "what was tried, and where test rows had been in sight before.",
        "“Learnt by heart” marks a fit to all rows, judged on those same rows: it shows what a model can hold, not "
        "what it makes of new ones. The best model is then the best on these rows.",
        "The baseline is a well-known method without a network; each data set says which. The limit is the best that "
        "any model could do, where it is known.",
        "Published figures come from write-ups of such models, and often were measured on training rows. Where none "
        "was published of the best model, those of the data set's other models are shown with their names.",
        "Parameters are the numbers that training sets. What training costs in time depends on the machine, and "
        "stands in MLflow.",
    ]


def _section(results: Results, known: Published) -> Section:
    """Answer what a reader asks, in the order of the questions: which, by how much, than what, and the details."""
    card = results.card
    parts = (
        verdicts.part(results),
        standings.part(results),
        contests.part(results),
        joint.part(results),
        targets.part(results),
        claims.part(results, known),
        *details.parts(results),
        standings.seeds(results),
        data.part(card),
    )
    opening = f"Task: {TASKS[card['task']]}. There are {count(data.total(card))} {card['unit']} in all."
    if data.total(card) == 1:
        opening = f"Task: {TASKS[card['task']]}. There is one row of {card['unit']}."
    return Section(card["dataset"], opening, tuple(part for part in parts if part is not None))
