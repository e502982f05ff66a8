"""How long each model's training took: a record beside the results, which no stage reads as an input.

It is no result, as the same training takes another time on another machine. So it stands outside of all that DVC
hashes, under the digest of the very files that it was a training of: a model that DVC restores from its cache finds
its own record again, and experiments that run side by side do not overwrite each other's.
"""

from collections.abc import Mapping
from pathlib import Path

from pipeline import artifacts, paths

FOLDER = ".timings"


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
