"""How long each model's training took: a record beside the results, which no stage depends on.

Time is not a result, since the same training takes another time on another machine. So the record is kept outside of
everything that DVC hashes, under the digest of the model's files: a model that DVC restores from its cache finds its
own record again, and experiments that run side by side do not overwrite each other's.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline import files, paths
from pipeline.models.storage import Outcome


def seconds_by_seed(outcomes: Iterable[Outcome]) -> dict[int, float]:
    """Return the seconds of each seed's trainings, summed over its fits."""
    seconds: dict[int, float] = defaultdict(float)
    for outcome in outcomes:
        seconds[outcome.seed] += outcome.seconds
    return dict(seconds)


def write(dataset: str, model: str, folder: Path, seconds: Mapping[int, float]) -> None:
    """Record the seconds of each seed for the model that `folder` now holds."""
    with files.replacing_file(_path(dataset, model, digest(folder))) as partial:
        files.write_json(partial, {str(seed): round(value, 3) for seed, value in seconds.items()})


def read(dataset: str, model: str, digest: str) -> dict[int, float]:
    """Return each seed's seconds, or nothing if no model with this digest was trained here."""
    path = _path(dataset, model, digest)
    return {int(seed): value for seed, value in files.read_json(path).items()} if path.exists() else {}


def digest(folder: Path) -> str:
    """Return the SHA-256 of a model's files."""
    return files.sha256(*sorted(folder.glob("[!.]*")))


def _path(dataset: str, model: str, digest: str) -> Path:
    return paths.timings() / dataset / model / f"{digest[:16]}.json"
