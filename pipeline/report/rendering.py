"""From the view to pages; nothing here knows what the content means."""

import base64
import re
from pathlib import Path
from typing import Any

from pipeline.report.parts import Link, Markdown, Section
from pipeline.report.view import View

TEMPLATES = Path(__file__).parent / "templates"
MARKDOWN_SYMBOLS = re.compile(r"([\\`*_{}\[\]<>#|~])")


def html(view: View) -> str:
    """Render one HTML page that holds everything it shows; the cards of the models lie beside it."""
    page = _render("index.html.j2", autoescape=True, view=view)
    return re.sub(" (?=[%↑↓])", "\u00a0", page)  # signs stay on the line of what they belong to


def markdown(view: View, folder: Path) -> str:
    """Render a Markdown page that stands in `folder` and links the figures from there."""
    return _tidy(_render("index.md.j2", autoescape=False, view=view, root="../" * len(folder.parts)))


def card(content: Section, folder: Path) -> str:
    """Render the card of a model, which stands in `folder`."""
    return _tidy(_render("card.md.j2", autoescape=False, card=content, root="../" * len(folder.parts)))


def _render(template: str, *, autoescape: bool, **more: Any) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # late: other stages do without

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=autoescape,  # noqa: S701 (off for Markdown alone, which has the filter `md`)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(base64=_base64, md=_escaped)
    return environment.get_template(template).render(**more)


def _tidy(text: str) -> str:
    """Leave one empty line between blocks; lines of code keep theirs."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" +\n", "\n", text)).rstrip() + "\n"


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")


def _escaped(text: str) -> str:
    """Make a text safe for a line, or a cell of a table, of a Markdown page."""
    line = " ".join(text.splitlines())
    if isinstance(text, Link):
        return f"[{MARKDOWN_SYMBOLS.sub(_BEFORE, line)}]({text.target})"
    return line.replace("|", r"\|") if isinstance(text, Markdown) else MARKDOWN_SYMBOLS.sub(_BEFORE, line)


_BEFORE = r"\\\1"
