"""The report's content, before it becomes a page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline import paths
from pipeline.params import Params
from pipeline.report import (
    comparisons,
    data_card,
    details,
    leaks,
    load,
    model_card,
    published,
    published_figures,
    recommendations,
    result_tables,
)
from pipeline.report.format import format_count, format_quantity
from pipeline.report.load import Results
from pipeline.report.parts import Link, Part, Section, Table
from pipeline.report.published import Published

PUBLISHED_PROJECT = Path("published")
CHOICE_PAGE = Path("docs/results.md")  # of the repository


@dataclass(frozen=True)
class View:
    """The content of the report and of the model cards."""

    opening: str
    summary: Table
    overview: Part
    published: Part | None
    notes: Part
    sections: tuple[Section, ...]
    model_cards: Mapping[str, Section]


def build(params: Params) -> View:
    """Read all results and build the report, with data sets in the order of params.yaml."""
    known = published.read()
    found = [load.read(dataset, params) for dataset in params.datasets]
    rows = tuple(map(result_tables.summary, found))
    return View(
        opening=_opening(params),
        summary=Table("The best model of each data set, beside baseline and bound", result_tables.SUMMARY, rows),
        overview=Part("Overview", points=(*recommendations.describe_overall(found), *_published_report())),
        published=published_figures.summary(found, known),
        notes=Part("How to read the figures", points=tuple(_notes())),
        sections=tuple(_section(results, known) for results in found),
        model_cards={model: model_card.build(results, known, model) for results in found for model in results.models},
    )


def _opening(params: Params) -> str:
    datasets = format_quantity(len(params.datasets), "data set")
    if not params.models:
        return f"Methods without a network on {datasets}: no model is trained."
    models = format_quantity(len(params.models), "small sequence model")
    return (
        f"{models} on {datasets}, each trained from {_seed_counts(params)}. Where rows are held out, the best model is "
        "chosen on validation rows and evaluated on test rows. A model's name links to its model card."
    )


def _published_report() -> Iterator[str]:
    """Yield a link to the report of the published recipes, which are a project of their own inside this one."""
    if PUBLISHED_PROJECT.is_dir():
        target = Path("..", PUBLISHED_PROJECT, paths.REPORTS, "index.html").as_posix()
        yield Link(
            "The models here are ours; the recipes of the four write-ups as their authors ran them, with the published "
            "figures, have a report of their own",
            target,
        )


def _seed_counts(params: Params) -> str:
    """Return the number of seeds that the models are trained from."""
    counts = sorted({len(model.seeds) for model in params.models.values()})
    return format_quantity(counts[0], "seed") if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"


def _notes() -> list[str]:
    return [
        "A model's figure is that of the ensemble of its seeds, trained on the training rows: the mean of the "
        "probabilities or numbers that their networks predict. It is what a loaded model answers with.",
        "A figure such as 0.845 (0.839 to 0.851) has a 95 % interval, from a bootstrap over the test items: it shows "
        "the variance across items. The variance across seeds is apart: the table of results by seed has each "
        "network alone, with their mean and standard deviation. A figure without an interval has no test items, or "
        "items that are all alike.",
        "↑ marks a metric of which higher values are better, ↓ one of which lower values are better. Each metric is "
        "explained at the end of the data set's part.",
        comparisons.METHOD,
        *_choice_of_params(),
        "“Memorisation” means trained and evaluated on all rows: it shows what a model can store, not how it performs "
        "on new rows. Such figures have no interval, and nothing is ranked by them.",
        "The baseline is a well-known method without a network, of several the best on validation rows; the part of "
        "each data set says which. The bound is the best result that any model could reach, where it is known.",
        "Parameters are the numbers that training adjusts. Training times depend on the machine; they are in MLflow.",
    ]


def _choice_of_params() -> list[str]:
    """Return where the choice of params is explained, if that page is here: a project folder has none."""
    if not CHOICE_PAGE.exists():
        return []
    return [
        f"The params of the models that come with this project were chosen on validation rows; {CHOICE_PAGE} says "
        "what was tried, and where test rows had been looked at before."
    ]


def _section(results: Results, known: Published) -> Section:
    """Return the section of a data set: which model, its results, comparisons, and then the details."""
    card = results.card
    parts = (
        recommendations.part(results),
        result_tables.part(results),
        comparisons.part(results),
        leaks.part(results),
        result_tables.memorisation(results),
        published_figures.part(results, known),
        *details.parts(results),
        result_tables.seeds(results),
        data_card.part(results.prepared),
    )
    opening = f"Task: {results.about.goal}. The data set has {format_count(data_card.count_rows(card))} {card.unit}."
    if data_card.count_rows(card) == 1:
        opening = f"Task: {results.about.goal}. The data set has one row of {card.unit}."
    if not results.models:
        opening += " No model is trained on it: all figures are those of methods without a network."
    return Section(card.dataset, opening, tuple(part for part in parts if part is not None))
