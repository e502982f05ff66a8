"""Files of data sets and models that params.yaml no longer names, and folders that a killed process left half written.

DVC would hash the former with those of its stages, so `check`, `evaluate` and `report` refuse them all, and
`python -m stages.clean` deletes them.
"""

import fcntl
import os
import shutil
import subprocess
import textwrap
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from pipeline import paths
from pipeline.errors import DataError

Models = Mapping[str, Collection[str]]  # data set -> names of its models, in params.yaml
HOMES = (paths.PREPARED, paths.BASELINES, paths.MODELS, paths.RESULTS)
NAMES_SHOWN = 200  # letters


def refuse(models: Models) -> None:
    """Refuse what DVC would hash although params.yaml does not name it.

    Raises:
        DataError: if there is any; the message lists all of it.
    """
    by_home: dict[Path, list[str]] = defaultdict(list)
    for path in outdated_outputs(models):
        by_home[path.parent].append(path.name)
    if by_home:
        listed = ", ".join(
            f"{home} ({textwrap.shorten(', '.join(names), NAMES_SHOWN, placeholder=' …')})"
            for home, names in by_home.items()
        )
        raise DataError(
            f"{listed}: params.yaml does not name these; `python -m stages.clean` deletes them, then run `dvc repro`"
        )


def outdated_outputs(models: Models) -> list[Path]:
    """Return outputs of data sets and models that params.yaml does not name, and what else is where only those belong.

    The model cards need no such care: `report` replaces them all.
    """
    of_datasets = [path for home in HOMES for path in _others(home, models)]
    return of_datasets + [path for dataset, names in models.items() for path in _others(paths.models(dataset), names)]


def unused_records(models: Models) -> list[Path]:
    """Return the checkpoints and recorded times of models that params.yaml does not name."""
    names = {name for of_dataset in models.values() for name in of_dataset}
    timings = paths.timings()
    of_models = [path for dataset, of_dataset in models.items() for path in _others(timings / dataset, of_dataset)]
    return [*_others(paths.checkpoints(), names), *_others(timings, models), *of_models]


def partial_folders() -> list[Path]:
    """Return the folders that a process which no longer runs has left half written."""
    homes = (*HOMES, paths.REPORTS, *(path for path in paths.MODELS.glob("*") if not path.is_symlink()))
    found = (path for home in homes for path in sorted(home.glob(".*.partial")))
    return [path for path in found if path.is_dir() and not _is_locked(path)]


def reason_to_keep(path: Path) -> str | None:
    """Return why a leftover is not for this project to delete, or None."""
    if path.parent.resolve() != Path.cwd() / path.parent:
        return "it is behind a symlink"
    if not paths.is_in_git():
        return None
    command = ["git", "--literal-pathspecs", "ls-files", "-z", "--", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return f"Git does not answer: {textwrap.shorten(done.stderr, NAMES_SHOWN)}"
    return None if all(map(_is_result, done.stdout.split("\0")[:-1])) else "Git tracks it"


def delete(path: Path) -> None:
    """Delete a file or folder; of a symlink, the link alone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _others(home: Path, names: Collection[str]) -> Iterator[Path]:
    """Yield what is in a folder under other names than these; hidden files are none of DVC's."""
    return (path for path in sorted(home.glob("[!.]*")) if path.name not in names)


def _is_locked(folder: Path) -> bool:
    """Return whether a running process is writing this partial folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_result(tracked: str) -> bool:
    """Return whether a file that Git tracks is one that `evaluate` writes, and replaces with its whole folder."""
    home, _, inside = Path(tracked).parts[:3] if len(Path(tracked).parts) > 2 else ("", "", "")
    return Path(home) == paths.RESULTS and inside in paths.TRACKED_RESULTS
