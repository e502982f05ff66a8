"""A text from the data is text in every page, whatever it looks like."""

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from pipeline import paths, report
from pipeline.evaluation.confusions import REST
from pipeline.report import details
from pipeline.report.parts import Code, Figure, Part, Section, Table
from pipeline.report.sections import View
from tests.report.test_render import Page

LABELS = [
    *("$x^2$", r"$\frac{", "<b>bold", "<script>alert(1)</script>", "a | b", "`code` ``", "../../x", "_a_ *b* ~~c~~"),
    *("![x](http://example.org/y.png)", "[a](javascript:alert(1))", "&lt;b&gt; &amp;", "a\\", "日本語", "# x", "- x"),
]
RENAMED = {  # as a page shows it
    "a\nb\u2028\n\nc": "a b c",
    "abc\u202edef": r"abc\u202edef",
    "zero\u200bwidth\ufeff": r"zero\u200bwidth\ufeff",
    "bell\x07\x1b[31m": r"bell\u0007\u001b[31m",
    "می\u200cخواهم": "می\u200cخواهم",  # a script that needs its joiner
}
SHOWN = dict(zip(LABELS, LABELS, strict=True)) | RENAMED


@pytest.fixture
def section(tmp_path):
    """Return a function that puts a label wherever a page has labels."""
    (tmp_path / "a.png").write_bytes(b"")

    def build(label):
        part = Part(
            "Confusions",
            sentences=(f"Of {label}.",),
            figures=(Figure(tmp_path / "a.png", f"Of {label}."),),
            tables=(Table(f"Of {label}", ("class", label), ((label, "1"), ("x", f"Of {label}"))),),
            points=(f"Of {label}.",),
            code=(Code("sh", (f"predict '{label}'", "```")),),
        )
        return Section("names", f"Of {label}.", (part,))

    return build


def read(html):
    """Return a page's elements and alternative texts, its text with single spaces, and its addresses."""
    page = Page(html)
    tags = {tag for tag, _ in page.tags}
    return tags, " ".join([*page.text.split(), *page.values("alt")]).split(), page.values("href", "src")


@pytest.mark.parametrize("label", SHOWN)
def test_a_label_is_text_in_markdown(section, label, tmp_path):
    text = report.render_model_card(section(label), paths.MODEL_CARDS)
    tags, words, addresses = read(
        MarkdownIt("commonmark", {"xhtmlOut": False}).enable(["table", "strikethrough"]).render(text)
    )
    assert tags == {*("h1", "h2", "p", "strong", "table", "thead", "tbody", "tr", "th", "td"), "ul", "li", "img"} | {
        *("pre", "code")
    }
    assert " ".join(words).count(" ".join(f"Of {SHOWN[label]}".split())) == 6
    assert len(addresses) == 1
    assert "$x" not in text.replace(r"\$x", "").partition("```")[0]  # a formula to some readers of Markdown
    assert "http://" not in text.partition("```")[0]  # a link to others


@pytest.mark.parametrize("label", SHOWN)
def test_a_label_is_text_in_html(section, label):
    of = section(label)
    view = View("Of", Table("", ("",), ((label,),)), of.parts[0], None, of.parts[0], (of,), {})
    tags, words, addresses = read(report.render_html(view))
    assert not tags & {"b", "script", "code", "em"}
    assert " ".join(words).count(" ".join(f"Of {SHOWN[label]}".split())) >= 15
    assert all(address.startswith(("data:", "#names")) for address in addresses)


def test_a_code_block_ends_after_its_lines(section):
    text = report.render_model_card(section("a\n```\n<script>\n"), paths.MODEL_CARDS)
    tags, words, _ = read(MarkdownIt("commonmark", {"xhtmlOut": False}).render(text))
    assert "<script>" in words
    assert "script" not in tags


def test_the_classes_that_figures_number_are_listed(read):
    results = read("names")
    tables = {**results.tables, "classes": [{"class": "日本語", "figure": "class 1"}]}
    (part,) = (part for part in details.parts(replace(results, tables=tables)) if part.heading == "Confusions")
    assert part.tables[0].rows == (("class 1", "日本語"),)


def test_the_rest_of_a_true_class_counts_and_is_no_class():
    rows = [("a", "a", "5"), ("a", "b", "1"), ("a", REST, "4")]
    worst = details.worst_confusions([dict(zip(("truth", "prediction", "count"), row, strict=True)) for row in rows])
    assert worst == ["10 % of a classified as b"]
