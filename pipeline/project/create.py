"""Make a project folder with a sample that runs at once, and set DVC up in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline import paths
from pipeline.errors import PipelineError

TEMPLATE = Path(__file__).parent / "template"
# Where files of the template go. DVC would read a dvc.yaml in the template's own folder, and Git a .gitignore.
PLACES = {
    "config": ".dvc/config",
    "dvc-gitignore": ".dvc/.gitignore",
    "dvcignore": ".dvcignore",
    "gitignore": ".gitignore",
    "pipeline.yaml": "dvc.yaml",
    "plots": ".dvc/plots",
}
REPORT = paths.REPORTS / "index.html"
# What the stages write, and folders that Python would take for the installed packages.
RESERVED = ("dvc.lock", str(paths.CODE), "baselines", "models", "results", "reports", "pipeline", "stages")
OUTPUTS = (paths.PREPARED, paths.BASELINES, paths.MODELS, paths.RESULTS, paths.REPORTS, paths.CODE)
LOCAL_CONFIG = "[core]\n    no_scm = true\n"


def create(folder: Path) -> None:
    """Make a project folder, or fill one that has none of its files.

    Args:
        folder: It may exist, with raw files in data/raw, and lie inside a Git repository or outside.

    Raises:
        PipelineError: if it is a file, has some of the files, or lies where a project has its outputs; nothing is
            written then. Also if DVC refuses it.
    """
    _refuse_what_is_there(folder)
    _refuse_outputs(folder.resolve())
    existed = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    in_git = paths.is_in_git(folder)
    try:
        _init_dvc(folder, in_git)
    except PipelineError:
        shutil.rmtree(folder / ".dvc" if existed else folder, ignore_errors=True)
        raise
    for source, target in _files(folder):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    if not in_git:  # not in .dvc/config, since it would be wrong once there is a repository
        (folder / ".dvc/config.local").write_text(LOCAL_CONFIG, encoding="utf-8")


def _files(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each file of the template, and where it goes."""
    for source in sorted(path for path in TEMPLATE.rglob("*") if path.is_file()):
        first, *others = source.relative_to(TEMPLATE).parts
        yield source, folder.joinpath(PLACES.get(first, first), *others)


def _refuse_what_is_there(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise PipelineError(f"{folder}: a file; name a folder that is empty or not there")
    names = [".dvc", *RESERVED, *(str(target.relative_to(folder)) for _, target in _files(folder))]
    if found := [name for name in names if os.path.lexists(folder / name)]:
        raise PipelineError(f"{folder}: has {', '.join(found)} already; name a folder that is empty or not there")


def _refuse_outputs(folder: Path) -> None:
    """Refuse a place that DVC hashes with the outputs of a project, and where `stages.clean` deletes what it finds."""
    projects = (above for above in folder.parents if (above / paths.PARAMS).exists() and (above / "dvc.yaml").exists())
    for output in (above / name for above in projects for name in OUTPUTS):
        if folder.is_relative_to(output):
            raise PipelineError(f"{folder}: inside {output}, where a project has its outputs; name another folder")


def _init_dvc(folder: Path, in_git: bool) -> None:
    """Set DVC up as a project of its own."""
    command = [sys.executable, "-m", "dvc", "init", "--subdir" if in_git else "--no-scm"]
    environment = os.environ | {"DVC_NO_ANALYTICS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        reason = " ".join(done.stderr.rpartition("ERROR: ")[2].partition("\n\n")[0].split())
        raise PipelineError(f"{folder}: `dvc init` refuses it: {reason}")
