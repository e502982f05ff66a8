"""Run the last commit again in a temporary clone, and compare what it produces with what is committed."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline import determinism
from pipeline.determinism import Reproducibility
from pipeline.errors import PipelineError
from pipeline.reproduce import agreement, differences
from pipeline.reproduce.agreement import MetricDifference
from pipeline.reproduce.differences import NOT_COMMITTED, NOT_PRODUCED, FileDifference

LOCK = "dvc.lock"
FOREIGN = ("MLFLOW_", "DVC_", "GIT_")  # variables that could make the clone's commands write outside of it
BY_HAND = "changed by hand, or left by another run: dvc.lock is reproduced as committed, and these files are not"
NOT_COMPARABLE = "the models, splits or metrics are not the committed ones, so metrics cannot be compared"


@dataclass(frozen=True)
class VerifyResult:
    """What differs between the committed files and those of a run in a clone, and the likely causes."""

    commit: str
    differences: tuple[FileDifference, ...]
    causes: tuple[str, ...]
    metrics: tuple[MetricDifference, ...] | None = None  # None: bytes must be the same, or metrics are not comparable

    @property
    def agrees(self) -> bool:
        """Return whether only such files differ as may differ here, and all metrics agree."""
        acceptable = not any(_must_be_identical(difference) for difference in self.differences)
        return acceptable and self.metrics is not None and all(metric.agrees for metric in self.metrics)


def _must_be_identical(difference: FileDifference) -> bool:
    """Return whether another processor cannot explain a difference: prepared data, a missing or an extra file."""
    return difference.path.startswith("data/prepared") or difference.description in (NOT_COMMITTED, NOT_PRODUCED)


def reproducibility_here() -> Reproducibility:
    """Return how far this machine, with its environment variables, reproduces the committed results.

    Raises:
        ParamsError: if PIPELINE_DEVICE names no device of this machine.
    """
    return determinism.reproducibility(determinism.choose_device().type)


def list_uncommitted() -> list[str]:
    """Return the files of the working folder that are not as the last commit has them.

    Raises:
        PipelineError: if the working folder is in no Git repository.
    """
    return [line[3:] for line in _git(Path(), "status", "--porcelain").splitlines()]


def verify_commit(level: Reproducibility) -> VerifyResult:
    """Clone the last commit into a temporary folder, run every stage there, and compare.

    Args:
        level: How far results can be reproduced here. Only "portable" promises the committed bytes; else metrics are
            compared too.

    Raises:
        PipelineError: if dvc.lock is missing or out of date, or the pipeline fails in the clone.
    """
    commit = _git(Path(), "rev-parse", "HEAD").strip()
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        clone = Path(folder) / "clone"
        _git(Path(), "clone", "--quiet", "--no-checkout", str(Path.cwd()), str(clone))
        _git(clone, "checkout", "--quiet", "--detach", commit)
        _refuse_outdated_lock(clone)
        _run(clone, "stages.repro", "--force")
        return _compare(clone, commit, level)


def _refuse_outdated_lock(clone: Path) -> None:
    """Refuse a dvc.lock of other code or params at once, not after a run of minutes."""
    lock = _committed(clone, LOCK)
    if lock is None:
        raise PipelineError(f"{LOCK}: not committed; run `dvc repro` and commit the results")
    status = json.loads(_run(clone, "dvc", "status", "--json", stdout=subprocess.PIPE))
    if changed := differences.find_changed_inputs(status, lock.decode()):
        raise PipelineError(
            f"{LOCK}: out of date, changed: {', '.join(changed)}; run `dvc repro` and commit the results"
        )


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
    return kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "DVC_NO_ANALYTICS": "1"}


def _compare(clone: Path, commit: str, level: Reproducibility) -> VerifyResult:
    """Compare every file of the clone that Git does not ignore, and the outputs that dvc.lock names."""
    status = _git(clone, "status", "--porcelain", "--no-renames", "--untracked-files=all", "-z").split("\0")
    paths = sorted(line[3:] for line in status if line)
    found = [_compare_file(clone, path) for path in paths if path != LOCK]
    if LOCK not in paths:
        return VerifyResult(commit, tuple(found), (BY_HAND,) if found else ())
    outputs = differences.compare_outputs((_committed(clone, LOCK) or b"").decode(), (clone / LOCK).read_text("utf-8"))
    found += [output for output in outputs if not any(f"{path}/".startswith(f"{output.path}/") for path in paths)]
    found.append(FileDifference(LOCK, "follows from the others"))
    metrics_files = [path for path in paths if path.endswith("/metrics.json")]
    metrics = None if level == "portable" else _compare_metrics(clone, metrics_files)
    return VerifyResult(commit, tuple(found), tuple(find_causes(level, metrics)), metrics)


def _compare_metrics(clone: Path, paths: list[str]) -> tuple[MetricDifference, ...] | None:
    """Compare the metrics of files that differ; None if they cannot be compared one by one."""
    found: list[MetricDifference] = []
    try:
        for path in paths:
            committed, produced = json.loads(_committed(clone, path) or b"{}"), json.loads((clone / path).read_bytes())
            found += agreement.compare_metrics(committed, produced, Path(path).parent.name)
    except (ValueError, FileNotFoundError):
        return None
    return tuple(found)


def _compare_file(clone: Path, path: str) -> FileDifference:
    file = clone / path
    return differences.compare_contents(path, _committed(clone, path), file.read_bytes() if file.exists() else None)


def _committed(clone: Path, path: str) -> bytes | None:
    """Return the committed content of a file, or None if there is none."""
    done = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=clone, capture_output=True)
    return done.stdout if done.returncode == 0 else None


def find_causes(level: Reproducibility, metrics: tuple[MetricDifference, ...] | None) -> Iterator[str]:
    """Yield the likely causes of differences, the surest first."""
    packages = list(_other_versions())
    if level != "portable" and metrics is None:
        yield NOT_COMPARABLE
    if packages:
        yield f"other package versions than in requirements.lock: {', '.join(packages)}; run `make setup`"
    if level != "portable":
        yield f"reproducibility here is {level}: {determinism.DESCRIPTIONS[level]}"
    elif not packages:
        yield f"another processor than that of the committed results; this one: {_processor()}"


def _other_versions() -> Iterator[str]:
    """Yield the packages of requirements.lock that are installed in another version, or not at all."""
    lock = Path("requirements.lock")
    for line in lock.read_text(encoding="utf-8").splitlines() if lock.exists() else []:
        name, equals, wanted = line.partition("==")
        if equals and (found := _version(name)) != wanted:
            yield f"{name} {found or 'not installed'} instead of {wanted}"


def _version(package: str) -> str | None:
    """Return an installed version without its build, such as +cpu."""
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """Return the processor's name as Linux gives it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _git(folder: Path, *arguments: str) -> str:
    """Run a command of Git and return what it prints."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PipelineError(f"git {arguments[0]}: {reason}; verification needs a clone with a commit")
    return done.stdout
