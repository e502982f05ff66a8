"""Render the view as pages; nothing here depends on the content."""

import base64
import re
from pathlib import Path
from typing import Any

from pipeline.report.parts import Link, Markdown, Section
from pipeline.report.sections import View

TEMPLATES = Path(__file__).parent / "templates"
# Marks of Markdown, and of what its readers add: entities, formulas, addresses that become links, and emoji.
MARKDOWN_SYMBOLS = re.compile(r"([\\`*_{}\[\]<>#|~$&]|:(?=//|[\w+-]+:)|(?<=www)\.)")
# Characters that are not seen but change what is: controls, marks of direction, and spaces without width. The joiners
# of letters (U+200C, U+200D) are left, as scripts need them.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def render_html(view: View) -> str:
    """Render one HTML page that contains all that it shows; the model cards are files beside it."""
    page = _render("index.html.j2", autoescape=True, view=view)
    return re.sub(" (?=[%↑↓])", "\u00a0", page)  # keep a sign on the line of its number or name


def render_markdown(view: View, folder: Path) -> str:
    """Render a Markdown page for `folder`, with links to the figures relative to it."""
    return _tidy(_render("index.md.j2", autoescape=False, view=view, root="../" * len(folder.parts)))


def render_model_card(model_card: Section, folder: Path) -> str:
    """Render a model card for `folder`."""
    return _tidy(_render("model_card.md.j2", autoescape=False, model_card=model_card, root="../" * len(folder.parts)))


def _render(template: str, *, autoescape: bool, **more: Any) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # late: other stages do not need it

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=autoescape,  # noqa: S701 (off for Markdown only, which has the filter `md`)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=show_invisible,
    )
    environment.filters.update(base64=_base64, md=_escaped)
    return environment.get_template(template).render(**more)


def show_invisible(value: Any) -> Any:
    """Write each character that nobody sees as its code, wherever a text goes into a page."""
    if not isinstance(value, str) or not INVISIBLE.search(value):
        return value
    return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", value)


def _tidy(text: str) -> str:
    """Leave one empty line between blocks."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" +\n", "\n", text)).rstrip() + "\n"


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")


def _escaped(text: str) -> str:
    """Escape a text for a line, or a table cell, of a Markdown page."""
    line = " ".join(text.splitlines())
    if isinstance(text, Link):
        return f"[{MARKDOWN_SYMBOLS.sub(_BEFORE, line)}]({text.target})"
    return line.replace("|", r"\|") if isinstance(text, Markdown) else MARKDOWN_SYMBOLS.sub(_BEFORE, line)


_BEFORE = r"\\\1"
