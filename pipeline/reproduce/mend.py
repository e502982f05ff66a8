"""Find and delete files that a failing disk has changed: DVC does not read again what it has hashed once."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline import files
from pipeline.errors import PipelineError

LOCK = Path("dvc.lock")
OBJECT = re.compile(r"[0-9a-f]{30}(\.dir)?")  # the name of a file in DVC's cache: an MD5 without its first two digits


def mend() -> list[Path]:
    """Delete each file of DVC's cache that does not match its name, and each output that does not match dvc.lock.

    `dvc repro` then produces them again.

    Returns:
        What was deleted.

    Raises:
        PipelineError: if dvc.lock cannot be read.
        PipelineError: if DVC cannot be asked for its cache.
    """
    cache = _cache_folder()
    objects = [path for path in _cached_objects(cache) if _md5(path) != path.parent.name + path.stem]
    outputs = [path for path, digest in _outputs(cache) if path.is_file() and _md5(path) != digest]
    for path in (*objects, *outputs):
        path.unlink()
    return objects + outputs


def _cache_folder() -> Path:
    """Return where DVC keeps the files of its cache."""
    done = subprocess.run([sys.executable, "-m", "dvc", "cache", "dir"], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["failed"])[-1]
        raise PipelineError(f"dvc cache dir: {reason}; run from the project's folder")
    return Path(done.stdout.strip(), "files/md5")


def _cached_objects(cache: Path) -> Iterator[Path]:
    """Yield the files of a cache, which are named by their digests."""
    yield from (path for path in sorted(cache.glob("??/*")) if OBJECT.fullmatch(path.name))


def _outputs(cache: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file that a stage has written, with its digest in dvc.lock."""
    try:
        lock = YAML(typ="safe", pure=True).load(LOCK.read_text(encoding="utf-8")) if LOCK.exists() else {}
        entries = [entry for stage in lock.get("stages", {}).values() for entry in stage.get("outs", [])]
        outputs = [(Path(entry["path"]), str(entry["md5"])) for entry in entries]
    except (YAMLError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        raise PipelineError(
            f"{LOCK}: not as DVC writes it; take one side of a conflict, or delete it, and run again"
        ) from None
    for path, digest in outputs:
        yield from _output_files(path, digest, cache)


def _output_files(path: Path, digest: str, cache: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of an output; those of a folder are listed in a file of the cache, which may be missing."""
    if not digest.endswith(".dir"):
        yield path, digest
        return
    listing = cache / digest[:2] / digest[2:]
    if listing.exists() and _md5(listing) == digest.removesuffix(".dir"):
        entries: list[dict[str, Any]] = files.read_json(listing)
        yield from ((path / entry["relpath"], entry["md5"]) for entry in entries)


def _md5(path: Path) -> str:
    """Return the digest by which DVC knows a file, or an empty text if the file cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError:
        return ""
