"""Run the pipeline anew in a fresh clone, and compare what comes out with what is committed."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline import agreement, differences, numerics
from pipeline.agreement import Shift
from pipeline.differences import NOT_COMMITTED, NOT_MADE, Difference
from pipeline.errors import UserError

LOCK = "dvc.lock"
FOREIGN = ("MLFLOW_", "DVC_", "GIT_")  # variables that would lead the clone's commands out of the clone
BY_HAND = "changed by hand, or left by another run: dvc.lock comes out as committed, and these files do not"


@dataclass(frozen=True)
class Verdict:
    """What a run in a fresh clone gave: what differs, and what that probably comes from."""

    commit: str
    differences: tuple[Difference, ...]
    causes: tuple[str, ...]
    shifts: tuple[Shift, ...] | None = None  # of metrics that differ, where these are promised and not the bytes

    @property
    def agrees(self) -> bool:
        """Tell whether nothing differs but what may on a machine that does not promise the bytes."""
        excused = not any(_exact_everywhere(difference) for difference in self.differences)
        return excused and self.shifts is not None and all(shift.share <= 1 for shift in self.shifts)


def _exact_everywhere(difference: Difference) -> bool:
    """Tell of a difference that no processor explains: a file too many or too few, other prepared data."""
    return difference.path.startswith("data/prepared") or difference.amount in (NOT_COMMITTED, NOT_MADE)


def caveat() -> str:
    """Say why this machine does not promise the committed bytes but metrics that agree; nothing where it does."""
    from pipeline import device  # late: torch

    return numerics.caveat(device.choose().type)


def uncommitted() -> list[str]:
    """Return the files of the working folder that are not as the last commit has them."""
    return [line[3:] for line in _git(Path(), "status", "--porcelain").splitlines()]


def verify() -> Verdict:
    """Clone the last commit into a temporary folder, force every stage there, and compare."""
    commit = _git(Path(), "rev-parse", "HEAD").strip()
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        clone = Path(folder) / "clone"
        _git(Path(), "clone", "--quiet", "--no-checkout", str(Path.cwd()), str(clone))
        _git(clone, "checkout", "--quiet", "--detach", commit)
        _refuse_stale(clone)
        _run_pipeline(clone)
        return _compared(clone, commit)


def _refuse_stale(clone: Path) -> None:
    """Refuse a dvc.lock of other code or params: a run of minutes would end in no more than that."""
    lock = _committed(clone, LOCK)
    if lock is None:
        raise UserError(f"{LOCK}: not committed; run `dvc repro` and commit what it gives")
    status = json.loads(_run(clone, "dvc", "status", "--json", stdout=subprocess.PIPE))
    if stale := differences.of_sources(status, lock.decode()):
        raise UserError(f"{LOCK}: made with other {', '.join(stale)}; run `dvc repro` and commit what it gives")


def _run_pipeline(clone: Path) -> None:
    """Force every stage in the clone, as its own code runs them."""
    _run(clone, "stages.repro", "--force")


def _run(clone: Path, module: str, *arguments: str, stdout: int | None = None) -> str:
    """Run a Python module as a command in the clone, with this very interpreter; return what a pipe took of it."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, cwd=clone, env=_environment(), stdout=stdout, text=True) as process:
        try:
            output, _ = process.communicate()
        except KeyboardInterrupt:
            process.wait()  # it has heard Ctrl-C too, and works in a folder that is deleted next
            raise
    if process.returncode:
        words = f"python -m {module} {' '.join(arguments)} in a fresh clone of the last commit"
        raise UserError(f"{words}: exit code {process.returncode}; its message is above")
    return output or ""


def _environment() -> dict[str, str]:
    """Return the environment of the clone's commands: they find this interpreter, and keep to the clone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN) and name != "PYTHONPATH"}
    return kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "DVC_NO_ANALYTICS": "1"}


def _compared(clone: Path, commit: str) -> Verdict:
    """Compare every file of the clone that Git does not ignore, and the outputs that dvc.lock names."""
    changed = _git(clone, "status", "--porcelain", "--no-renames", "--untracked-files=all", "-z").split("\0")
    paths = sorted(line[3:] for line in changed if line)
    found = [_difference(clone, path) for path in paths if path != LOCK]
    if LOCK not in paths:
        return Verdict(commit, tuple(found), (BY_HAND,))
    outputs = differences.of_outputs((_committed(clone, LOCK) or b"").decode(), (clone / LOCK).read_text("utf-8"))
    found += [output for output in outputs if not any(f"{path}/".startswith(f"{output.path}/") for path in paths)]
    moved = _shifts(clone, [path for path in paths if path.endswith("/metrics.json")]) if caveat() else None
    return Verdict(commit, (*found, Difference(LOCK, "follows from the others")), tuple(_causes(moved)), moved)


def _shifts(clone: Path, paths: list[str]) -> tuple[Shift, ...] | None:
    """Compare the metrics that differ; nothing at all if they cannot be compared one by one."""
    found: list[Shift] = []
    try:
        for path in paths:
            committed, made = json.loads(_committed(clone, path) or b"{}"), json.loads((clone / path).read_bytes())
            found += agreement.shifts(committed, made, Path(path).parent.name)
    except (ValueError, FileNotFoundError):
        return None
    return tuple(found)


def _difference(clone: Path, path: str) -> Difference:
    made = clone / path
    return differences.between(path, _committed(clone, path), made.read_bytes() if made.exists() else None)


def _committed(clone: Path, path: str) -> bytes | None:
    """Return a file as it is committed, if it is."""
    done = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=clone, capture_output=True)
    return done.stdout if done.returncode == 0 else None


def _causes(shifts: tuple[Shift, ...] | None) -> Iterator[str]:
    """Yield what the differences probably come from, the surest first."""
    other, here = list(_other_versions()), caveat()
    if here and shifts is None:
        yield "other models, splits or measures than are committed, so that metrics cannot be compared"
    if other:
        yield f"other package versions than requirements.lock: {', '.join(other)}; run `make setup`"
    if here:
        yield here
    if not (other or here):
        yield f"another processor than that of the committed results; this one: {_processor()}"


def _other_versions() -> Iterator[str]:
    """Yield the packages of requirements.lock that are not installed in the version that stands there."""
    lock = Path("requirements.lock")
    for line in lock.read_text(encoding="utf-8").splitlines() if lock.exists() else []:
        name, equals, wanted = line.partition("==")
        if equals and (found := _version(name)) != wanted:
            yield f"{name} {found or 'not installed'} instead of {wanted}"


def _version(package: str) -> str | None:
    """Return an installed version, without the mark of a build."""
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
        raise UserError(f"git {arguments[0]}: {reason}; verification needs a clone with a commit")
    return done.stdout
