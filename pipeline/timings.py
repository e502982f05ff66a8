"""How long each model's training took: a record beside the results, which no stage reads as an input.

It is no result, as the same training takes another time on another machine. So it stands outside of all that DVC
hashes, under the digest of the very files that it was a training of: a model that DVC restores from its cache finds
its own record again, and experiments that run side by side do not overwrite each other's.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from pipeline import artifacts, paths
from pipeline.history import Outcome

FOLDER = ".timings"


def note(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Record the time of all trainings of a model, by seed; they must not fail for want of this record."""
    seconds: dict[int, float] = defaultdict(float)
    for outcome in outcomes:
        seconds[outcome.seed] += outcome.seconds
    try:
        write(folder.parent.name, folder.name, folder, seconds)
    except OSError as error:
        click.echo(f"{folder.name}: its time is not recorded ({error.strerror})")


def write(dataset: str, model: str, folder: Path, seconds: Mapping[int, float]) -> None:
    """Record the seconds of each seed's trainings, side by side or not, for the model that `folder` now holds."""
    with artifacts.replacing_file(_path(dataset, model, digest(folder))) as partial:
        artifacts.write_json(partial, {str(seed): round(of, 3) for seed, of in seconds.items()})


def read(dataset: str, model: str, wanted: str) -> dict[int, float]:
    """Return each seed's seconds, or nothing where those of a model with the digest `wanted` are not known."""
    path = _path(dataset, model, wanted)
    return {int(seed): of for seed, of in artifacts.read_json(path).items()} if path.exists() else {}


def digest(folder: Path) -> str:
    """Return the SHA-256 of a model's files."""
    return artifacts.sha256(*sorted(folder.glob("[!.]*")))


def _path(dataset: str, model: str, digest: str) -> Path:
    return paths.home() / FOLDER / dataset / model / f"{digest[:16]}.json"
