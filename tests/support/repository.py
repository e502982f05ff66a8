"""A copy of this repository in a temporary folder, made small enough to run in a test."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.project import REPOSITORY

COPIED = (
    "pipeline",
    "stages",
    "data/raw",
    "data/README.md",
    ".dvc/config",
    ".dvc/plots",
    ".dvcignore",
    ".gitignore",
    "dvc.yaml",
    "params.yaml",
    "pyproject.toml",
)
KEPT = ("words-lstm", "overfit-lstm")  # models
ALL = {"prepare@words", "prepare@overfit", "train@words-lstm", "train@overfit-lstm"}  # stages
ALL |= {"baseline@words", "baseline@overfit", "check", "evaluate@words", "evaluate@overfit", "report", "publish"}
UNWANTED = ("MLFLOW", "DVC", "PYTEST", "PYTHONDONTWRITEBYTECODE")  # the last compiles all modules for each command
ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "DVC_NO_ANALYTICS": "1",
}


class Repository:
    """A Git and DVC repository in which commands run as a user would run them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *command: str, code: int = 0, **environment: str) -> str:
        """Run a command and return what it printed; its exit code must be `code`."""
        done = subprocess.run(command, **self.options(**environment))
        assert done.returncode == code, done.stdout
        return done.stdout

    def options(self, **environment: str) -> dict[str, Any]:
        """Return how a command is run here."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(UNWANTED)}
        whole = {**kept, **ENVIRONMENT, "PATH": path, **environment}
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return {"cwd": self.folder, "env": whole, **output}

    def change_params(self, change: Callable[[Any], None]) -> None:
        """Change params.yaml in place, its layout kept."""
        yaml, path = YAML(), self.folder / "params.yaml"
        params = yaml.load(path)
        change(params)
        yaml.dump(params, path)

    def commit(self, message: str) -> None:
        """Commit everything that Git does not ignore."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", message)


def small_copy(folder: Path) -> Repository:
    """Copy the repository with two models, two seeds and few epochs, not yet run."""
    for name in COPIED:
        source, target = REPOSITORY / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "psalms.txt", "bible.txt"))
        else:
            shutil.copyfile(source, target)
    repository = Repository(folder)
    repository.change_params(_shrink)
    repository.run("git", "init", "--quiet")
    repository.commit("A small copy")
    return repository


def _shrink(params: Any) -> None:
    params["defaults"]["seeds"] = [1, 2]
    params["sources"], params["gates"] = {}, {}
    params["models"] = {name: params["models"][name] for name in KEPT}
    datasets = [model["dataset"] for model in params["models"].values()]
    params["datasets"] = {name: params["datasets"][name] for name in datasets}
    for model in params["models"].values():
        model["epochs"] = 3
        model["hidden_size"] = [8] * (model.get("layers", 1) - 1) + [1] if "layers" in model else 8


def ran(output: str) -> list[str]:
    """Return the stages that DVC executed, from its output; lines of `stages.repro` begin with a data set's name."""
    lines = [line.rpartition(" | ")[2] for line in output.splitlines()]
    return [line.split("'")[1] for line in lines if line.startswith("Running stage")]
