"""When and where each model's training ran, and how long it took: a record on which no stage depends.

Time is not a result, since the same training takes another time on another machine. So the record is kept outside of
everything that DVC hashes, under the digest of the model's files: a model that DVC restores from its cache finds its
own record again, and experiments that run side by side do not overwrite each other's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline import files, paths
from pipeline.errors import DataError
from pipeline.models.storage import Outcome


@dataclass(frozen=True)
class SeedTime:
    """What one seed's trainings cost, summed over its fits, and when the first began and the last ended."""

    seconds: float  # of a processor, or on a GPU of a clock; those before an interruption count
    started: float  # seconds since 1970
    ended: float
    device: str


def times_by_seed(outcomes: Iterable[Outcome]) -> dict[int, SeedTime]:
    """Return the time of each seed's trainings."""
    times: dict[int, SeedTime] = {}
    for outcome in outcomes:
        own = SeedTime(outcome.seconds, outcome.started, outcome.ended, outcome.device)
        if seen := times.get(outcome.seed):
            span = min(seen.started, own.started), max(seen.ended, own.ended)
            own = SeedTime(seen.seconds + own.seconds, *span, own.device)
        times[outcome.seed] = own
    return times


def write(dataset: str, model: str, folder: Path, times: Mapping[int, SeedTime]) -> None:
    """Record the time of each seed for the model that `folder` now holds."""
    with files.replacing_file(_path(dataset, model, digest(folder))) as partial:
        files.write_json(partial, {str(seed): asdict(time) for seed, time in times.items()})


def read(dataset: str, model: str, digest: str) -> dict[int, SeedTime]:
    """Return each seed's time, or nothing if no model with this digest was trained here, or by another version."""
    path = _path(dataset, model, digest)
    try:
        return {int(seed): SeedTime(**time) for seed, time in files.read_json(path).items()} if path.exists() else {}
    except (DataError, TypeError, ValueError, AttributeError):
        return {}


def digest(folder: Path) -> str:
    """Return the SHA-256 of a model's files."""
    return files.sha256(*sorted(folder.glob("[!.]*")))


def _path(dataset: str, model: str, digest: str) -> Path:
    return paths.timings() / dataset / model / f"{digest[:16]}.json"
