"""The report: the results of all data sets on one HTML page and one Markdown page, and a model card for each model."""

from pipeline.report.render import render_html, render_markdown, render_model_card
from pipeline.report.sections import View, build

__all__ = ["View", "build", "render_html", "render_markdown", "render_model_card"]
