import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

from pipeline import paths, report
from pipeline.report import View
from tests.support.results_tree import ODD, REPOSITORY

VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """Check that elements close in order, and collect what a test asks for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_the_page_is_well_formed_and_accessible(view: View) -> None:
    page = Page(report.render_html(view))
    assert page.open == []
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(cell["scope"] in ("col", "row") for cell in page.all("th"))
    assert all(len(image["alt"] or "") > 30 for image in page.all("img"))
    names = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(names) == len(set(names))
    referred = {value for _, of in page.found for key, value in of.items() if key == "aria-labelledby"}
    assert referred <= set(names)


def test_the_page_loads_nothing(view: View) -> None:
    text = report.render_html(view)
    page = Page(text)
    sources = [of[key] or "" for _, of in page.found for key in ("src", "href") if key in of]
    model_cards = {f"models/{model}.md" for model in view.model_cards}
    assert all(source.startswith(("data:", "#")) for source in sources if source not in model_cards)
    assert model_cards <= set(sources)  # files beside the page, one for each model
    assert not re.search(r"https?://|@import|url\(", text)
    assert not page.all("script")


def test_all_figures_are_in_the_page(view: View) -> None:
    images = Page(report.render_html(view)).all("img")
    assert len(images) == len(list(paths.RESULTS.glob("*/figures/*.png"))) == 8


def test_odd_symbols_stay_text(view: View) -> None:
    page = Page(report.render_html(view))
    assert page.text.count(ODD) >= 3
    assert not page.all("b")


def test_no_page_has_a_missing_number(view: View) -> None:
    for text in (Page(report.render_html(view)).text, report.render_markdown(view, paths.REPORTS)):
        assert not re.search(r"\b(nan|inf|None)\b", text)


def test_every_row_of_a_markdown_table_has_all_its_columns(view: View) -> None:
    blocks = report.render_markdown(view, paths.REPORTS).split("\n\n")
    tables = [block.splitlines() for block in blocks if block.startswith("|")]
    assert len(tables) > 20
    for lines in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_markdown_links_figures_that_are_there(view: View) -> None:
    links = re.findall(r"!\[.*\]\((.*)\)", report.render_markdown(view, paths.REPORTS))
    assert len(links) == 8
    assert all(Path(link.removeprefix("../")).exists() for link in links)
    assert links[0] == "../results/words/figures/curves.png"


def test_other_processes_write_the_same_bytes(inside: Path) -> None:
    written = []
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(REPOSITORY)}
        subprocess.run([sys.executable, "-m", "stages.report"], env=environment, check=True, capture_output=True)
        written.append({path: path.read_bytes() for path in sorted(paths.REPORTS.rglob("*.*")) if path.is_file()})
    assert len(written[0]) == 2 + 8  # pages, model cards
    assert written[0] == written[1]
