"""A database that came with a copied or moved project: its runs' files are in the folder where that project was.

MLflow keeps the absolute folder of each experiment's files. In another place runs would lose their files, and a copy
would write into the folder of the original.
"""

import logging
import shlex
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path
from urllib.parse import unquote, urlsplit

ARTIFACTS = "mlartifacts"  # the folder of a project for the files of runs
SUFFIXES = ("", "-journal", "-wal", "-shm")  # of the files that SQLite may keep for one database
SECONDS = 20.0  # that MLflow waits, too, for another program to unlock the database
LOCATIONS = "SELECT artifact_location FROM experiments WHERE lifecycle_stage != 'deleted'"

logger = logging.getLogger(__name__)


def is_of_another_project(path: Path, artifacts: Path) -> bool:
    """Return whether a database has files of its runs in another project's folder than `artifacts`."""
    return any(folder.resolve() != artifacts.resolve() for folder in _artifact_folders(path))


def set_aside(path: Path, artifacts: Path) -> bool:
    """Rename a database of another project, and take back one that was set aside when the project was elsewhere.

    To be called by one process at a time.

    Returns:
        Whether it was another project's.
    """
    others = [folder for folder in _artifact_folders(path) if folder.resolve() != artifacts.resolve()]
    if not others:
        return False
    earlier = next((name for name in _set_aside_before(path) if _is_ours(name, artifacts)), None)
    aside = next(name for number in count(1) if not (name := _name(path, number)).exists())
    _rename(path, aside)
    if earlier:
        _rename(earlier, path)
    logger.warning(
        "%s has the runs of the project in %s, so it is %s now, and %s; to see those runs: %s",
        path.name,
        others[0].parent,
        aside.name,
        f"{earlier.name} is in use again" if earlier else "stage publish puts all results into a new one",
        shlex.join(["mlflow", "ui", "--backend-store-uri", f"sqlite:///{aside}"]),
    )
    return True


def _artifact_folders(path: Path) -> list[Path]:
    """Return the folders that projects made for the files of runs, of the experiments of a database."""
    try:
        with closing(sqlite3.connect(path, timeout=SECONDS)) as connection:
            locations = [location for (location,) in connection.execute(LOCATIONS) if location]
    except sqlite3.OperationalError as error:
        if "no such" in str(error):  # table or column: what it is, MLflow says better
            return []
        raise
    folders = {_local_path(location).parent for location in locations}
    return sorted(folder for folder in folders if folder.name == ARTIFACTS)


def _local_path(location: str) -> Path:
    """Return the folder that a location names, or one that is no project's if it is on a server."""
    parts = urlsplit(location)
    return Path(unquote(parts.path) if parts.scheme == "file" else "" if parts.scheme else location)


def _name(path: Path, number: object) -> Path:
    """Return the name of a database that was set aside, such as mlflow-moved-1.db."""
    return path.with_name(f"{path.stem}-moved-{number}{path.suffix}")


def _set_aside_before(path: Path) -> list[Path]:
    return sorted(path.parent.glob(_name(path, "*").name))


def _is_ours(path: Path, artifacts: Path) -> bool:
    try:
        folders = _artifact_folders(path)
    except sqlite3.Error:
        return False
    return bool(folders) and all(folder.resolve() == artifacts.resolve() for folder in folders)


def _rename(path: Path, new: Path) -> None:
    """Rename a database; what SQLite keeps beside it first, as without it the last changes would be lost."""
    for suffix in reversed(SUFFIXES):
        if (part := path.with_name(path.name + suffix)).exists():
            part.rename(new.with_name(new.name + suffix))
