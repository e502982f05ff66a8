"""Every path of the project, relative to its root, as a function of a name."""

import os
from pathlib import Path

PARAMS = Path("params.yaml")
PREPARED = Path("data/prepared")
MODELS = Path("models")
RESULTS = Path("results")
REPORTS = Path("reports")
CARDS = REPORTS / "models"
CODE = Path("code")
RECEIPT = Path("reports/published.json")


def home() -> Path:
    """Return the real project's folder, also where DVC runs an experiment in a copy of it."""
    return Path(os.environ.get("DVC_ROOT") or Path.cwd()).absolute()


def prepared(dataset: str) -> Path:
    """Return the folder of a data set's arrays, vocabulary and card."""
    return PREPARED / dataset


def models(dataset: str) -> Path:
    """Return the folder that holds all models of a data set."""
    return MODELS / dataset


def model(dataset: str, name: str) -> Path:
    """Return the folder of a model's weights and history."""
    return MODELS / dataset / name


def results(dataset: str) -> Path:
    """Return the folder of a data set's metrics, tables and figures."""
    return RESULTS / dataset


def card(model: str) -> Path:
    """Return the page that describes a trained model."""
    return CARDS / f"{model}.md"
