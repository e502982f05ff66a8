"""The pages: well formed, complete, escaped, and the same bytes from any process."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

import pipeline
from pipeline import paths, report
from stages import generate, predict
from tests.support.project import ALL_MODELS, MODELS, ODD, ODD_LABEL, REPOSITORY

VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """Check that elements close in order, and collect what a test asks for."""

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def values(self, *keys):
        return [of[key] for _, of in self.tags for key in keys if key in of]


@pytest.fixture(scope="module")
def html(view, evaluated_project):
    with contextlib.chdir(evaluated_project):
        return report.render_html(view)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.fixture(scope="module")
def markdown(view):
    return report.render_markdown(view, paths.REPORTS)


def test_the_page_is_well_formed_and_accessible(page):
    assert page.open == []
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(cell["scope"] in ("col", "row") for cell in page.all("th"))
    assert all(len(image["alt"]) > 30 for image in page.all("img"))
    names = page.values("id")
    assert len(names) == len(set(names))
    assert set(page.values("aria-labelledby")) <= set(names)


def test_the_page_loads_nothing_and_links_every_model_card(page, html):
    cards, sources = {f"models/{model}.md" for model in ALL_MODELS}, set(page.values("src", "href"))
    assert cards <= sources
    assert all(source.startswith(("data:", "#")) for source in sources - cards)
    assert not re.search(r"https?://|@import|url\(", html)
    assert not page.all("script")


def test_all_figures_are_in_both_pages(page, markdown, inside):
    figures = sorted(f"../{path.as_posix()}" for path in paths.RESULTS.glob("*/figures/*.png"))
    assert sorted(re.findall(r"!\[.*\]\((.*)\)", markdown)) == figures
    assert len(page.all("img")) == len(figures)


def test_odd_symbols_stay_text(page, markdown):
    assert ODD in page.text
    assert ODD_LABEL in page.text
    assert any(ODD_LABEL in image["alt"] for image in page.all("img"))
    assert not page.all("b")
    assert "<b>" not in markdown
    assert r"\<b\>\&'\|\*\_\`" in markdown


def test_no_page_has_a_missing_number(page, markdown):
    for text in (page.text, markdown):
        assert not re.search(r"\b(nan|inf|None)\b", text)


def test_every_row_of_a_markdown_table_has_all_its_columns(markdown):
    tables = [block.splitlines() for block in markdown.split("\n\n") if block.startswith("|")]
    assert len(tables) > 20
    for lines in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_links_of_model_cards_lead_to_files(view):
    cards = [report.render_model_card(content, paths.MODEL_CARDS) for content in view.model_cards.values()]
    targets = re.findall(r"\]\((\.[^)#]+)[^)]*\)", "\n".join(cards))
    assert targets
    assert not [target for target in targets if not (REPOSITORY / paths.MODEL_CARDS / target).resolve().exists()]


@pytest.mark.parametrize("name", MODELS)
def test_examples_of_a_model_card_run_without_changes(name, view, inside):
    (usage,) = (part for part in view.model_cards[name].parts if part.heading == "Usage")
    python, shell = usage.code
    assert f'model = pipeline.load("{name}")' in python.lines
    exec("\n".join(python.lines), {"pipeline": pipeline})  # noqa: S102 (our own lines)
    for line in shell.lines:
        _, _, stage, *arguments = shlex.split(line)
        command = {"stages.predict": predict, "stages.generate": generate}[stage].main
        result = CliRunner().invoke(command, arguments)
        assert (result.exit_code, result.exception) == (0, None), result.output
        assert result.output.strip()


def test_other_processes_write_the_same_bytes(evaluated_project, here):
    shutil.copytree(evaluated_project, here, dirs_exist_ok=True)
    written = []
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(REPOSITORY)}
        subprocess.run([sys.executable, "-m", "stages.report"], env=environment, check=True, capture_output=True)
        written.append({path: path.read_bytes() for path in sorted(paths.REPORTS.rglob("*.*")) if path.is_file()})
    assert len(written[0]) == 2 + len(ALL_MODELS)  # pages, model cards
    assert written[0] == written[1]
