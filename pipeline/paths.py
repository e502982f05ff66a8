"""Every path of the project, relative to its folder, as a function of a name."""

import os
from pathlib import Path

PARAMS = Path("params.yaml")
CODE = Path("code")  # digests of the code; written by stage `check`
DATA = Path("data")
RAW = DATA / "raw"
PREPARED = Path("data/prepared")
BASELINES = Path("baselines")
MODELS = Path("models")
RESULTS = Path("results")
REPORTS = Path("reports")
SPOOL = Path(".spool")  # epochs of running trainings, for MLflow
MODEL_CARDS = REPORTS / "models"
RECEIPT = REPORTS / "published.json"
TRACKED_RESULTS = ("metrics.json", "curves.csv", "figures")  # of each data set; Git ignores the others


def project_folder() -> Path:
    """Return the real project's folder, also where DVC runs an experiment in a copy of it."""
    return Path(os.environ.get("DVC_ROOT") or Path.cwd()).absolute()


def is_in_git(folder: Path = Path()) -> bool:
    """Return whether a folder, or else the working folder, is inside a Git repository, be Git installed or not."""
    here = folder.absolute()
    return any((above / ".git").exists() for above in (here, *here.parents))


def checkpoints() -> Path:
    """Return the folder of all checkpoints: in the real project, also where DVC runs an experiment in a copy of it."""
    return project_folder() / ".checkpoints"


def timings() -> Path:
    """Return the folder of the records of how long trainings took, also in the real project."""
    return project_folder() / ".timings"


def prepared(dataset: str) -> Path:
    """Return the folder of a data set's arrays, vocabulary and data card."""
    return PREPARED / dataset


def baselines(dataset: str) -> Path:
    """Return the folder of what the baselines and the bound of a data set predict."""
    return BASELINES / dataset


def models(dataset: str) -> Path:
    """Return the folder that holds all models of a data set."""
    return MODELS / dataset


def model(dataset: str, name: str) -> Path:
    """Return the folder of a model's weights and history."""
    return MODELS / dataset / name


def root_of(folder: Path, depth: int = 3) -> Path:
    """Return the folder of the project that a folder lies in, so many levels below: 3 are those of data and models."""
    return folder.absolute().parents[depth - 1]


def models_marker(dataset: str) -> Path:
    """Return the path of a file by which the folder of a data set's models exists, also where it has none."""
    return MODELS / dataset / ".models"


def results(dataset: str) -> Path:
    """Return the folder of a data set's metrics, tables and figures."""
    return RESULTS / dataset


def model_card(model: str) -> Path:
    """Return the page that describes a trained model."""
    return MODEL_CARDS / f"{model}.md"
