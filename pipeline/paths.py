"""Every path of the project, relative to its folder, as a function of a name."""

import os
from pathlib import Path

PARAMS = Path("params.yaml")
CHECKED = Path("data/params-checked.txt")  # written by stage `check`
RAW = Path("data/raw")
PREPARED = Path("data/prepared")
MODELS = Path("models")
RESULTS = Path("results")
REPORTS = Path("reports")
MODEL_CARDS = REPORTS / "models"
RECEIPT = REPORTS / "published.json"


def project_folder() -> Path:
    """Return the real project's folder, also where DVC runs an experiment in a copy of it."""
    return Path(os.environ.get("DVC_ROOT") or Path.cwd()).absolute()


def prepared(dataset: str) -> Path:
    """Return the folder of a data set's arrays, vocabulary and data card."""
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


def model_card(model: str) -> Path:
    """Return the page that describes a trained model."""
    return MODEL_CARDS / f"{model}.md"
