"""How long each model's training took: a record beside the results, which no stage reads as an input.

It is no result, as the same training takes another time on another machine. So it stands outside of all that DVC
hashes, and names the very files that it was a training of: a model that DVC restores from its cache has no record,
or another training's, and is shown without one.
"""

from collections.abc import Mapping
from pathlib import Path

from pipeline import artifacts, paths

FOLDER = ".timings"


def write(dataset: str, model: str, folder: Path, seconds: Mapping[int, float]) -> None:
    """Record the seconds of each seed's trainings, side by side or not, for the model that `folder` now holds."""
    with artifacts.replacing_file(_path(dataset, model)) as partial:
        rounded = {str(seed): round(of, 3) for seed, of in seconds.items()}
        artifacts.write_json(partial, {"digest": digest(folder), "seconds": rounded})


def read(dataset: str, model: str, wanted: str) -> dict[int, float]:
    """Return each seed's seconds, or nothing where those of a model with the digest `wanted` are not known."""
    if not (path := _path(dataset, model)).exists():
        return {}
    found = artifacts.read_json(path)
    return {int(seed): of for seed, of in found["seconds"].items()} if found.get("digest") == wanted else {}


def digest(folder: Path) -> str:
    """Return the SHA-256 of a model's files."""
    return artifacts.sha256(*sorted(folder.glob("[!.]*")))


def _path(dataset: str, model: str) -> Path:
    return paths.home() / FOLDER / dataset / f"{model}.json"
