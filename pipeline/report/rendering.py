"""From the view to two pages; nothing here knows what the content means."""

import base64
import re
from pathlib import Path
from typing import Any

from pipeline.report.view import View

TEMPLATES = Path(__file__).parent / "templates"
MARKDOWN_SYMBOLS = re.compile(r"([\\`*_{}\[\]<>#|~])")


def html(view: View) -> str:
    """Render one HTML page that holds everything it shows."""
    return _render("index.html.j2", view, autoescape=True)


def markdown(view: View, folder: Path) -> str:
    """Render a Markdown page that stands in `folder` and links the figures from there."""
    text = _render("index.md.j2", view, autoescape=False, root="../" * len(folder.parts))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" +\n", "\n", text)).rstrip() + "\n"


def _render(template: str, view: View, *, autoescape: bool, **more: Any) -> str:
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
    return environment.get_template(template).render(view=view, **more)


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")


def _escaped(text: str) -> str:
    """Make a text safe for a cell of a Markdown table."""
    return MARKDOWN_SYMBOLS.sub(r"\\\1", " ".join(text.splitlines()))
