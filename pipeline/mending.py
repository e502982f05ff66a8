"""Find what a failing disk has changed, and clear it away: DVC takes files that it knows at their word."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline import artifacts
from pipeline.errors import UserError

LOCK = Path("dvc.lock")
OBJECT = re.compile(r"[0-9a-f]{30}(\.dir)?")


def mend() -> list[Path]:
    """Delete each object of DVC's cache that is not what its name says, and each output that is not what dvc.lock says.

    `dvc repro` then makes them anew. Returns what was deleted.
    """
    cache = _cache()
    damaged = [path for path in _objects(cache) if _md5(path) != path.parent.name + path.stem]
    damaged_outputs = [path for path, digest in _outputs(cache) if path.is_file() and _md5(path) != digest]
    for path in (*damaged, *damaged_outputs):
        path.unlink()
    return damaged + damaged_outputs


def _cache() -> Path:
    """Return where DVC keeps its objects."""
    done = subprocess.run([sys.executable, "-m", "dvc", "cache", "dir"], capture_output=True, text=True)
    if done.returncode:
        raise UserError(
            f"dvc cache dir: {(done.stderr.strip().splitlines() or ['failed'])[-1]}; run from the project's folder"
        )
    return Path(done.stdout.strip(), "files/md5")


def _objects(cache: Path) -> Iterator[Path]:
    """Yield the objects of a cache, which are named by their digests."""
    yield from (path for path in sorted(cache.glob("??/*")) if OBJECT.fullmatch(path.name))


def _outputs(cache: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file that a stage has written, with its digest by dvc.lock."""
    try:
        lock = YAML(typ="safe", pure=True).load(LOCK.read_text(encoding="utf-8")) if LOCK.exists() else {}
        outputs = [output for stage in lock.get("stages", {}).values() for output in stage.get("outs", [])]
        named = [(Path(output["path"]), str(output["md5"])) for output in outputs]
    except (YAMLError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        raise UserError(
            f"{LOCK}: not as DVC writes it; take one side of a conflict, or delete it, and run again"
        ) from None
    for path, digest in named:
        yield from _files(path, digest, cache)


def _files(path: Path, digest: str, cache: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of an output; those of a folder stand in an object of the cache, which may be missing."""
    if not digest.endswith(".dir"):
        yield path, digest
        return
    listed = cache / digest[:2] / digest[2:]
    if listed.exists() and _md5(listed) == digest.removesuffix(".dir"):
        entries: list[dict[str, Any]] = artifacts.read_json(listed)
        yield from ((path / entry["relpath"], entry["md5"]) for entry in entries)


def _md5(path: Path) -> str:
    """Return the digest by which DVC knows a file, or nothing where the disk cannot give it."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError:
        return ""
