"""Run the last commit again in a temporary clone, and compare what it produces with what is committed."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.determinism import Reproducibility
from pipeline.errors import PipelineError
from pipeline.reproduce import agreement
from pipeline.reproduce.agreement import MetricDifference

LOCK = "dvc.lock"
FOREIGN = ("MLFLOW_", "DVC_", "GIT_")  # variables that could make the clone's commands write outside of it
CHANGED, NOT_COMMITTED, NOT_PRODUCED = "changed", "not committed", "committed, but not produced"
STATES = {"??": NOT_COMMITTED, " D": NOT_PRODUCED}  # as Git abbreviates them


@dataclass(frozen=True)
class VerifyResult:
    """What differs between the committed files and those of a run in a clone."""

    commit: str
    differences: Mapping[str, str]  # by path, in a few words
    metrics: Sequence[MetricDifference] | None = None  # None: bytes must be the same, or metrics are not comparable

    @property
    def agrees(self) -> bool:
        """Return whether all metrics agree, and what differs is no prepared data, and no missing or extra file."""
        return (
            self.metrics is not None
            and all(metric.ratio <= 1 for metric in self.metrics)
            and not any(path.startswith("data/prepared") for path in self.differences)
            and not {NOT_COMMITTED, NOT_PRODUCED}.intersection(self.differences.values())
        )


def list_uncommitted() -> list[str]:
    """Return the files of the working folder that are not as the last commit has them."""
    return [line[3:] for line in _git(Path(), "status", "--porcelain", "--", ".").splitlines()]


def verify_commit(level: Reproducibility) -> VerifyResult:
    """Clone the last commit into a temporary folder, run every stage of the same project there, and compare.

    Args:
        level: How far results can be reproduced here. Only "portable" promises the committed bytes; else metrics are
            compared too.

    Raises:
        PipelineError: if there is no commit, dvc.lock is missing or out of date, or the pipeline fails in the clone.
    """
    commit = _git(Path(), "rev-parse", "HEAD").strip()
    repository = _git(Path(), "rev-parse", "--show-toplevel").rstrip("\n")
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        root = Path(folder) / "clone"
        _git(Path(), "clone", "--quiet", "--no-checkout", repository, str(root))
        _git(root, "checkout", "--quiet", "--detach", commit)
        clone = root / _git(Path(), "rev-parse", "--show-prefix").rstrip("\n")
        _refuse_outdated_lock(clone)
        _run(clone, "stages.repro", "--force")
        return _compare(clone, commit, level)


def _refuse_outdated_lock(clone: Path) -> None:
    """Refuse a dvc.lock of other code or params at once, not after a run of minutes."""
    if not (clone / LOCK).exists():
        raise PipelineError(f"{LOCK}: not committed; run `dvc repro` and commit the results")
    status = json.loads(_run(clone, "dvc", "status", "--json", stdout=subprocess.PIPE))  # refuses a damaged lock
    outputs = _outputs((clone / LOCK).read_bytes())
    if changed := {name for stage, changes in status.items() for name in _changed_inputs(stage, changes, outputs)}:
        names = ", ".join(sorted(changed))
        raise PipelineError(f"{LOCK}: out of date, changed: {names}; run `dvc repro` and commit the results")


def _changed_inputs(stage: str, changes: Iterable[Any], outputs: Iterable[str]) -> list[str]:
    """Return what `dvc status` says has changed for a stage, but for outputs of other stages: a new clone has none."""
    found = [f"dvc.yaml: {stage}"] if "changed command" in changes else []
    for change in changes:
        for path, state in change.get("changed deps", {}).items() if isinstance(change, dict) else ():
            if isinstance(state, dict):
                found += [f"{path}: {key}" for key in state]  # of params
            elif not any(f"{output}/".startswith(f"{path}/") for output in outputs):
                found.append(path)
    return found


def _outputs(lock: bytes) -> dict[str, str]:
    """Return the digest of each output of the stages of a dvc.lock."""
    stages = YAML(typ="safe", pure=True).load(lock).get("stages", {}).values()
    return {entry["path"]: entry["md5"] for stage in stages for entry in stage.get("outs", [])}


def _run(clone: Path, module: str, *arguments: str, stdout: int | None = None) -> str:
    """Run a Python module as a command in the clone, with this interpreter; return what it printed to a pipe."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, cwd=clone, env=_environment(), stdout=stdout, text=True) as process:
        try:
            output, _ = process.communicate()
        except KeyboardInterrupt:
            process.wait()  # Ctrl-C ends it too, and its folder must not be deleted before
            raise
    if process.returncode:
        name = f"python -m {module} {' '.join(arguments)} in a fresh clone of the last commit"
        raise PipelineError(f"{name}: exit code {process.returncode}; its message is above")
    return output or ""


def _environment() -> dict[str, str]:
    """Return the environment of the clone's commands: they find this interpreter, and stay in the clone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN) and name != "PYTHONPATH"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return kept | {"PATH": path, "DVC_NO_ANALYTICS": "1"}


def _compare(clone: Path, commit: str, level: Reproducibility) -> VerifyResult:
    """Compare every file of the clone that Git does not ignore, and the outputs that dvc.lock names."""
    prefix = _git(clone, "rev-parse", "--show-prefix").rstrip("\n")  # of all paths that Git shows
    status = _git(clone, "status", "--porcelain", "--no-renames", "--untracked-files=all", "-z", "--", ".").split("\0")
    found = {line[3:].removeprefix(prefix): STATES.get(line[:2], CHANGED) for line in status if line}
    if LOCK in found:
        committed, produced = _outputs(_committed(clone, LOCK)), _outputs((clone / LOCK).read_bytes())
        others = {path for path in committed | produced if committed.get(path) != produced.get(path)}
        in_git = {str(folder) for path in found for folder in (Path(path), *Path(path).parents)}
        found |= dict.fromkeys(others - in_git, "changed, by its digest in dvc.lock")
    metrics: list[MetricDifference] | None = None if level == "portable" else []
    for path in [path for path, state in found.items() if path.endswith("metrics.json") and state == CHANGED]:
        dataset, contents = Path(path).parent.name, (_committed(clone, path), (clone / path).read_bytes())
        one, other = (agreement.read_numbers(content, dataset) for content in contents)
        found[path] = agreement.describe_difference(one, other)
        metrics = (
            None if metrics is None or one.keys() != other.keys() else metrics + agreement.compare_metrics(one, other)
        )
    return VerifyResult(commit, dict(sorted(found.items())), metrics)


def _committed(clone: Path, path: str) -> bytes:
    return subprocess.run(["git", "show", f"HEAD:./{path}"], cwd=clone, capture_output=True, check=True).stdout


def _git(folder: Path, *arguments: str) -> str:
    """Run a command of Git and return what it prints."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PipelineError(f"git {arguments[0]}: {reason}; verification needs a clone with a commit")
    return done.stdout
