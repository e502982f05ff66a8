"""A data set's card in words: where the data come from, how they were split and mended."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.report import origins
from pipeline.report.parts import Part, Table
from pipeline.report.wording import count, number


def part(card: Mapping[str, Any]) -> Part:
    """Describe the data, and the faults that were found in them."""
    sentences = () if card["faults"] else ("No faults were found in the raw data.",)
    told = [(name, origins.plain(text)) for name, text in origins.read(card["dataset"]).facts if text]
    facts = Table("What the data are", ("", ""), (*told, *facts_of(card)), prose=True)
    return Part("Data", sentences, tables=(facts, *mended(card)))


def total(card: Mapping[str, Any]) -> int:
    """Return the rows of all splits."""
    return sum(card["rows"].values())


def mended(card: Mapping[str, Any]) -> Iterator[Table]:
    """Yield a table of the faults that were found in the raw data, if any were."""
    if faults := tuple((fault["found"], fault["done"].replace("`", "")) for fault in card["faults"]):
        yield Table("Faults found in the raw data", ("found", "what was done"), faults, prose=True)


def facts_of(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is known of the data, a name and a value each."""
    yield "raw file", f"{card['raw']} (SHA-256 {card['raw_sha256'][:12]}…)"
    rows = ", ".join(f"{split} {count(rows)}" for split, rows in card["rows"].items())
    yield card["unit"], rows if card["rows"].keys() - {"train"} else f"{count(total(card))}, none held out"
    if card.get("passage"):
        yield "passage", _passage(card["passage"])
    if card["symbols"]:
        yield "different symbols", count(card["symbols"] - (card["unknown"] is not None))
    if card["classes"]:
        classes = (f"{name} {count(rows)}" for name, rows in card["classes"].items())
        yield f"{len(card['classes'])} classes", ", ".join(classes)
    if card["season"]:
        yield "season", f"{card['season']} days"
    for name, scale in card["scaling"].items():
        deviation = "" if scale["std"] == 1 else f", standard deviation {number(scale['std'])}"  # 1 where all are equal
        yield f"{name}, training rows", f"mean {number(scale['mean'])}{deviation}"


def _passage(passage: Mapping[str, Any]) -> str:
    skipped = f" after the first {count(passage['skipped'])}" if passage["skipped"] else ""
    return f"{count(passage['characters'])} characters{skipped}, beginning “{passage['opening']}…”"
