"""The manifest of a folder of prepared data or of a trained model: all of its files, by digest.

`prepare` and `train` write it last. Whatever uses such a folder compares the two first, so that a file which was
changed, deleted, added or mixed up changes no answer in silence. Of a folder that DVC has recorded, dvc.lock has a
digest too.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from pipeline import files, paths
from pipeline.errors import REPAIR, DataError

MANIFEST = "manifest.json"
LOCK = "dvc.lock"

# An output that is a folder, as DVC writes it. It is searched for as text: a parser needs a quarter of a second to
# seconds for the whole file, and would refuse one that a DVC beside this process is just writing.
STAGE = re.compile(r"^  (\S+):\n", re.MULTILINE)
OUTPUT = r"^    outs:\n(?:    - .*\n|      .*\n)*?    - path: {}\n(?:      .*\n)*?      md5: (\w+)\.dir\n"


class Manifest(BaseModel):
    """The content of manifest.json."""

    model_config = ConfigDict(extra="forbid", strict=True)

    files: Mapping[
        Annotated[str, StringConstraints(max_length=200)],  # a path below the folder
        Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")],
    ]


def write(folder: Path) -> None:
    """Write the SHA-256 of each file of a folder into its manifest."""
    digests = {name: files.sha256(path) for name, path in _list_files(folder).items() if name != MANIFEST}
    files.write_json(folder / MANIFEST, {"files": digests})


def check(folder: Path, depth: int = 3) -> None:
    """Compare a folder with its manifest, and with dvc.lock where that records it.

    Links are followed, as DVC may make its outputs links to its cache: what counts is the content.

    Args:
        folder: A folder with a manifest.
        depth: How many levels it lies below the project's folder, which has dvc.lock.

    Raises:
        DataError: if a file is missing, damaged or not of the folder, or the folder is not the one that DVC recorded.
    """
    found, digests = _list_files(folder), files.read_as(folder / MANIFEST, Manifest).files
    found.pop(MANIFEST, None)
    for name in sorted({*found, *digests}):
        if name not in found:
            raise DataError(f"{folder / name}: no such file; run `dvc repro`, which restores it")
        if name not in digests:
            raise DataError(f"{folder / name}: not listed in {MANIFEST}; move it away, or delete it")
        if files.sha256(found[name]) != digests[name]:
            raise DataError(f"{folder / name}: damaged, by its digest in {MANIFEST}; {REPAIR}")
    _compare_with_lock(folder, paths.root_of(folder, depth))


def _compare_with_lock(folder: Path, root: Path) -> None:
    recorded = _recorded(root / LOCK, folder.absolute().relative_to(root).as_posix())
    if recorded and _dvc_digest(folder) not in recorded:
        cure = f"run `dvc repro`, or `dvc commit {[*recorded.values()][-1]}` to keep what is there"
        raise DataError(f"{folder}: not the folder that {LOCK} records; {cure}")


def _recorded(lock: Path, out: str) -> dict[str, str]:
    """Return the digests that dvc.lock has of an output, with the stage of each: one, unless a stage was renamed."""
    text = lock.read_text(encoding="utf-8", errors="replace") if lock.exists() else ""
    found = re.finditer(OUTPUT.format(re.escape(out)), text, re.MULTILINE)
    return {match[1]: STAGE.findall(text, 0, match.start())[-1] for match in found}


def _dvc_digest(folder: Path) -> str:
    """Return the digest by which DVC records a folder: the MD5 of a JSON list of its files and their MD5."""
    listed = []
    for name, path in _list_files(folder).items():
        with path.open("rb") as file:
            listed.append({"md5": hashlib.file_digest(file, _md5).hexdigest(), "relpath": name})
    return _md5(json.dumps(listed).encode()).hexdigest()


_md5 = partial(hashlib.md5, usedforsecurity=False)


def _list_files(folder: Path) -> dict[str, Path]:
    """Return a folder's files by their path below it, in the order of these paths."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return dict(sorted(found.items()))
