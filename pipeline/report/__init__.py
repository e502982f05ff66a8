"""The report: all results of all data sets as one HTML page and one Markdown page, and a card a model."""

from pipeline.report.rendering import card, html, markdown
from pipeline.report.view import View, build

__all__ = ["View", "build", "card", "html", "markdown"]
