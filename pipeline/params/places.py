"""Where the paths of params.yaml lead on this machine: what Git tracks, and symbolic links."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pipeline import paths
from pipeline.errors import ParamsError
from pipeline.params.load import Params
from pipeline.params.wording import format_value


def check_places(params: Params) -> None:
    """Refuse a source that would overwrite a file of Git, and links that lead reading or writing outside.

    A source's file lies below data/raw, and Git does not track it; what stages write lies inside the project's folder;
    raw files lie inside the Git repository. All three hold where symbolic links are followed.

    Raises:
        ParamsError: with a line for each error.
    """
    if lines := dict.fromkeys([*_tracked_sources(params), *_links_of_outputs(params), *_links_of_raw_files(params)]):
        raise ParamsError("\n".join(lines))


def _tracked_sources(params: Params) -> Iterator[str]:
    """Yield a line for each source whose file, or a file above or below it, is tracked by Git."""
    tracked = [Path(name) for name in _ask_git("ls-files", "-z", "--", str(paths.RAW)).split("\0")[:-1]]
    for name, source in params.sources.items():
        file = Path(source.file)
        if any(file == other or file in other.parents or other in file.parents for other in tracked):
            found = f"{paths.PARAMS}: sources.{name}.file: found {format_value(source.file)}, which Git tracks"
            yield f"{found}; choose another name, or `git rm --cached` it"


def _links_of_outputs(params: Params) -> Iterator[str]:
    """Yield a line for each link that leads what a stage writes elsewhere."""
    here = Path.cwd().resolve()
    for name, source in params.sources.items():
        if link := _outside_link(Path(source.file).parent, here / paths.RAW):
            yield f"{paths.PARAMS}: sources.{name}.file: {link}, outside {paths.RAW}; remove that link"
    for folder in _written_folders(params):
        if link := _outside_link(folder, here):
            yield f"{link}, outside the project's folder; remove that link"


def _links_of_raw_files(params: Params) -> Iterator[str]:
    """Yield a line for each data set of which a link leads out of the Git repository, or without Git of the project."""
    project = paths.project_folder()
    repository = Path(_ask_git("rev-parse", "--show-toplevel", folder=project).rstrip("\n") or project).resolve()
    fetched = {Path(source.file) for source in params.sources.values()}  # these may be links into DVC's cache
    for name, dataset in params.datasets.items():
        raw, where = Path(dataset.raw), f"{paths.PARAMS}: datasets.{name}.raw"
        if not Path(os.path.realpath(raw.parent)).is_relative_to(repository) and ".." in raw.parts:
            yield f"{where}: found {format_value(dataset.raw)}, outside the Git repository; copy it into {paths.RAW}"
            continue
        links = [] if raw in fetched else [raw, *(path for path in raw.rglob("*") if path.is_symlink())]
        if link := next(filter(None, (_outside_link(path, repository) for path in links)), None):
            yield f"{where}: {link}, outside the Git repository; copy it into {paths.RAW}"


def _written_folders(params: Params) -> Iterator[Path]:
    """Yield the folders that stages write, each after those above it."""
    yield from (paths.DATA, paths.CODE, paths.PREPARED, paths.BASELINES, paths.MODELS, paths.RESULTS, paths.MODEL_CARDS)
    for name in params.datasets:
        yield from (paths.prepared(name), paths.baselines(name), paths.models(name), paths.results(name))
    for name, model in params.models.items():
        yield paths.model(model.dataset, name)


def _outside_link(path: Path, folder: Path) -> str | None:
    """Return which symbolic link of a path leads outside a real folder, and where to."""
    for link in (part for part in (*reversed(path.parents), path) if part.is_symlink()):
        target = Path(os.path.realpath(link))  # unlike Path.resolve, it has no error for links in a circle
        if not target.is_relative_to(folder):
            return f"{link} leads to {format_value(str(target))}"
    return None


def _ask_git(*arguments: str, folder: Path | None = None) -> str:
    """Return what Git answers; nothing where there is no Git, or no repository."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True)
    except FileNotFoundError:
        return ""
    return "" if done.returncode else os.fsdecode(done.stdout)
