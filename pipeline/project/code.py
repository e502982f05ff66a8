"""The code that can change what a stage writes, and its digest, on which the stage depends.

Stage `check` writes the digest of each stage's code into code/STAGE.txt, so that a change of the code, or another
version of the package, runs those stages whose output it can change. The version itself is in a file of its own, on
which no stage depends.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pipeline
from pipeline import files, paths

ROOT = Path(pipeline.__file__).parent.parent  # of the packages `pipeline` and `stages`

STAGE_CODE = {
    "fetch": (
        "pipeline/data/fetch.py",
        "pipeline/files.py",
        "pipeline/params/schema.py",
        "stages/fetch.py",
    ),
    "prepare": (
        "pipeline/data",
        "pipeline/files.py",
        "pipeline/manifest.py",
        "pipeline/params/datasets.py",
        "pipeline/params/models.py",
        "pipeline/params/schema.py",
        "pipeline/params/values.py",
        "stages/prepare.py",
    ),
    "baseline": (
        "pipeline/data/prepared",
        "pipeline/determinism.py",
        "pipeline/evaluation/about.py",
        "pipeline/evaluation/baselines",
        "pipeline/evaluation/metrics.py",
        "pipeline/evaluation/references.py",
        "pipeline/evaluation/splits.py",
        "pipeline/files.py",
        "pipeline/manifest.py",
        "pipeline/params/schema.py",
        "stages/baseline.py",
    ),
    "train": (
        "pipeline/data/prepared",
        "pipeline/determinism.py",
        "pipeline/files.py",
        "pipeline/manifest.py",
        "pipeline/models",
        "pipeline/params/models.py",
        "pipeline/params/schema.py",
        "pipeline/spreadsheets.py",
        "pipeline/tasks",
        "pipeline/training",
        "stages/train.py",
    ),
    "evaluate": (
        "pipeline/data/prepared",
        "pipeline/determinism.py",
        "pipeline/evaluation/about.py",
        "pipeline/evaluation/bootstrap.py",
        "pipeline/evaluation/canvas.py",
        "pipeline/evaluation/confusions.py",
        "pipeline/evaluation/figures.py",
        "pipeline/evaluation/jobs.py",
        "pipeline/evaluation/metrics.py",
        "pipeline/evaluation/plots.py",
        "pipeline/evaluation/references.py",
        "pipeline/evaluation/results.py",
        "pipeline/evaluation/run.py",
        "pipeline/evaluation/selection.py",
        "pipeline/evaluation/series_plots.py",
        "pipeline/evaluation/significance.py",
        "pipeline/evaluation/splits.py",
        "pipeline/evaluation/summary.py",
        "pipeline/evaluation/tables.py",
        "pipeline/evaluation/tasks",
        "pipeline/evaluation/verification.py",
        "pipeline/files.py",
        "pipeline/manifest.py",
        "pipeline/models",
        "pipeline/params/models.py",
        "pipeline/params/schema.py",
        "pipeline/spreadsheets.py",
        "pipeline/tasks",
        "stages/evaluate.py",
    ),
    "report": (
        "pipeline/data",
        "pipeline/determinism.py",
        "pipeline/evaluation/about.py",
        "pipeline/evaluation/confusions.py",
        "pipeline/evaluation/stored.py",
        "pipeline/files.py",
        "pipeline/manifest.py",
        "pipeline/models/samples.py",
        "pipeline/models/storage.py",
        "pipeline/params",
        "pipeline/report",
        "pipeline/spreadsheets.py",
        "stages/report.py",
    ),
    "publish": (
        "pipeline/files.py",
        "stages/publish.py",
    ),
}


def record() -> None:
    """Write the digests of the code, and its version, into `code`; files that are up to date stay as they are."""
    _write("version", f"sequence-pipeline {pipeline.__version__}\n")
    for stage in STAGE_CODE:
        _write(stage, f"SHA-256 of the code of stage {stage}: {digest(stage)}\n")


def digest(stage: str) -> str:
    """Return the SHA-256 of the names and contents of the files that can change what a stage writes."""
    found = hashlib.sha256()
    for path in sorted(path for name in STAGE_CODE[stage] for path in _files(ROOT / name)):
        found.update(f"{path.relative_to(ROOT).as_posix()}\0{files.sha256(path)}\n".encode())
    return found.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    """Yield a file, or the files of a folder without those that Python and editors keep there."""
    inside = (each for each in path.rglob("*") if each.is_file() and each.suffix != ".pyc")
    return (each for each in ([path] if path.is_file() else inside) if not each.name.startswith("."))


def _write(name: str, content: str) -> None:
    path = paths.CODE / f"{name}.txt"
    if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != content:
        with files.replacing_file(path) as partial:
            partial.write_text(content, encoding="utf-8")
