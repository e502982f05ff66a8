"""Measure how the report grows with the number of models: `python -m benchmarks report_growth`."""

import sys
import tempfile
from pathlib import Path

from benchmarks import projects
from benchmarks.accounting import run_alone
from benchmarks.measured import Measured
from pipeline import paths

TITLE = "The report of many models"
ABOUT = """`python -m stages.report` for projects of small models on eight data sets. *Peak* is the memory of the
process at its largest. The page is `reports/index.html` with its figures; a model card is a file of its own."""

MODELS, QUICK_MODELS = (28, 100, 300), (2,)
MEGABYTE = 10**6
COLUMNS = ("models", "processor seconds", "peak MB", "page in MB", "model cards in MB")


def measure(quick: bool = False) -> Measured:
    """Write the report of projects of several sizes."""
    return Measured(COLUMNS, tuple(map(report, QUICK_MODELS if quick else MODELS)))


def report(models: int) -> tuple[float, ...]:
    """Return the number of models, and what the report of a project with so many takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        projects.write(folder, models)
        projects.run(folder)
        environment = projects.project_environment(folder)
        used = run_alone((sys.executable, "-m", "stages.report"), folder, environment)
        page = (folder / paths.REPORTS / "index.html").stat().st_size
        cards = sum(path.stat().st_size for path in (folder / paths.MODEL_CARDS).iterdir())
        return models, used.seconds, *(size / MEGABYTE for size in (used.peak, page, cards))
