"""The report: all results of all data sets as one HTML page and one Markdown page."""

from pipeline.report.rendering import html, markdown
from pipeline.report.view import View, build

__all__ = ["View", "build", "html", "markdown"]
