"""The data card of a data set in words: where the data come from, how they were split and cleaned."""

from collections.abc import Iterator

from pipeline.data.prepared import DataCard, Passage, Prepared
from pipeline.report import origins
from pipeline.report.format import format_count, format_number
from pipeline.report.parts import Part, Table


def part(prepared: Prepared) -> Part:
    """Describe the data, and the issues that were found in them."""
    card = prepared.card
    sentences = () if card.issues else ("No issues were found in the raw data.",)
    described = [(name, origins.strip_markdown(text)) for name, text in origins.read(card.dataset).facts if text]
    table = Table("Data card", ("", ""), (*described, *facts(prepared)), prose=True)
    return Part("Data", sentences, tables=(table, *issue_tables(card)))


def count_rows(card: DataCard) -> int:
    """Return the number of rows of all splits."""
    return sum(card.rows.values())


def issue_tables(card: DataCard) -> Iterator[Table]:
    """Yield a table of the issues that were found in the raw data, if there are any."""
    if issues := tuple((issue.found, issue.done.replace("`", "")) for issue in card.issues):
        yield Table("Issues found in the raw data", ("issue", "what was done"), issues, prose=True)


def facts(prepared: Prepared) -> Iterator[tuple[str, str]]:
    """Yield what is known about the data, as pairs of name and value."""
    card = prepared.card
    yield "raw file", f"{card.raw} (SHA-256 {card.raw_sha256[:12]}…)"
    rows = ", ".join(f"{split} {format_count(rows)}" for split, rows in card.rows.items())
    yield card.unit, rows if card.rows.keys() - {"train"} else f"{format_count(count_rows(card))}, none held out"
    if card.passage:
        yield "passage", _passage(card.passage)
    if card.symbols:
        yield "distinct symbols", format_count(card.symbols - (card.unknown is not None))
    if card.classes:
        classes = (f"{name} {format_count(rows)}" for name, rows in card.classes.items())
        yield f"{len(card.classes)} classes", ", ".join(classes)
    if card.season:
        yield "season", f"{card.season} days"
    for name, scale in card.scaling.items():
        values = prepared.splits["train"][name]
        deviation = f", standard deviation {format_number(scale.std)}" if values.min() < values.max() else ""
        yield f"{name}, training rows", f"mean {format_number(scale.mean)}{deviation}"


def _passage(passage: Passage) -> str:
    skipped = f" after the first {format_count(passage.skipped)}" if passage.skipped else ""
    return f"{format_count(passage.characters)} characters{skipped}, beginning “{passage.opening}…”"
