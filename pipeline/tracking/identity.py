"""What identifies a run: the key of all that decides its content, who wrote it from what, and its name."""

import getpass
import hashlib
import json
import os
import platform
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline import paths
from pipeline.errors import ParamsError
from pipeline.params import load_params
from pipeline.params.load import flatten
from pipeline.params.models import ModelParams
from pipeline.project import code

EXPERIMENT_NAME = "DVC_EXP_NAME"  # set by `dvc exp run`
COMMIT = "mlflow.source.git.commit"
KEY_LENGTH = 7  # letters of a key in the name of a run
CHANGES_SHOWN = 3  # params in the name of a run
# Files that a run of the pipeline changes itself, so that they do not make its own runs dirty.
OUTPUTS = ("dvc.lock", str(paths.RESULTS), str(paths.REPORTS))


def refresh() -> None:
    """Forget what Git said: the user may have committed since."""
    _git_tags.cache_clear()


def make_key(kind: str, name: str, *parts: object) -> str:
    """Return a digest of what decides the content of a run."""
    return hashlib.sha256(json.dumps([kind, name, *parts], sort_keys=True).encode()).hexdigest()


def model_key(name: str, params: ModelParams, data_card: Mapping[str, Any], code_digest: str) -> str:
    """Return the key of a model's run: its settings with all seeds, its data, and the code."""
    return make_key("model", name, params.model_dump(mode="json"), data_card, code_digest)


def code_digest() -> str:
    """Return a digest of the code that trains, evaluates, and fits what the models are compared with."""
    return make_key("code", "", *(code.digest(stage) for stage in ("train", "baseline", "evaluate")))


def workspace() -> str:
    """Return a digest of this machine and folder: whose runs these are, in a store that several share."""
    return hashlib.sha256(f"{socket.gethostname()}\0{Path.cwd()}".encode()).hexdigest()[:16]


def source_tags(stage: str) -> dict[str, str]:
    """Return the tags that say who wrote a run, of which stage, with which code."""
    return {
        "mlflow.source.name": f"stages/{stage.partition('@')[0]}.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": _user(),
        "dvc_stage": stage,
        "workspace": workspace(),
        **_git_tags(Path.cwd()),
        **_versions(),
        **experiment_tags(),
    }


def experiment_tags() -> dict[str, str]:
    """Return the tag of the experiment that DVC runs, if it does."""
    name = os.environ.get(EXPERIMENT_NAME)
    return {"dvc_exp_name": name} if name else {}


def run_name(name: str, key: str, changes: Mapping[str, str] | None = None) -> str:
    """Return the name of a run: the model, what differs from the committed params, the experiment, part of the key.

    The key tells runs apart that other code or data made.
    """
    notes = [f"{param}={value}" for param, value in (changes or {}).items()]
    if len(notes) > CHANGES_SHOWN:
        notes = [*notes[:CHANGES_SHOWN], f"{len(notes) - CHANGES_SHOWN} more"]
    notes += [f"experiment {name}" for name in experiment_tags().values()]
    return " ".join([name, *([f"({', '.join(notes)})"] if notes else []), key[:KEY_LENGTH]])


def changed_params(name: str, params: ModelParams) -> dict[str, str]:
    """Return the params of a model that differ from those of the last commit; none for a model that is new there."""
    committed = _committed_models(Path.cwd(), _git_tags(Path.cwd()).get(COMMIT, "")).get(name)
    if committed is None:
        return {}
    before, now = (flatten(block.model_dump(mode="json")) for block in (committed, params))
    return {key: now.get(key, "none") for key in dict.fromkeys([*now, *before]) if now.get(key) != before.get(key)}


@cache
def _committed_models(folder: Path, commit: str) -> Mapping[str, ModelParams]:
    """Return the models of a commit's params.yaml; none where there is no such file that can be read."""
    text = _git("show", f"{commit}:./{paths.PARAMS}") if commit else ""
    if not text:
        return {}
    partial = paths.SPOOL / f"committed-params-{os.getpid()}.yaml"
    partial.parent.mkdir(exist_ok=True)
    try:
        partial.write_text(text, encoding="utf-8")
        return load_params(partial).models
    except (ParamsError, OSError):
        return {}
    finally:
        partial.unlink(missing_ok=True)


@cache
def _git_tags(folder: Path) -> dict[str, str]:
    """Return the commit of the code and params, and whether they had been changed since."""
    if not (commit := _git("rev-parse", "HEAD").strip()):
        return {}
    inputs = [".", *(f":(exclude){output}" for output in OUTPUTS)]
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", *inputs)
    return {COMMIT: commit, "git_dirty": "yes" if changed.strip() else "no"}


@cache
def _versions() -> dict[str, str]:
    return {f"version.{name}": version(name) for name in ("torch", "numpy", "sequence-pipeline")} | {
        "version.python": platform.python_version()
    }


def _git(*arguments: str) -> str:
    """Return what a command of Git prints; nothing where Git or a repository is missing."""
    with suppress(OSError):
        return subprocess.run(["git", *arguments], capture_output=True, text=True, errors="replace").stdout
    return ""


def _user() -> str:
    with suppress(KeyError, OSError):
        return getpass.getuser()
    return "unknown"
