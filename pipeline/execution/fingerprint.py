"""What must be the same wherever jobs of one run are done, so that their results have the same bytes."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pipeline
from pipeline import determinism, files

LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn", "matplotlib", "pillow")  # their results are in files


def describe(device_type: str) -> dict[str, str]:
    """Return all that must be the same, by name, for jobs on a type of device; none of it is imported for that."""
    return {
        "this package": code_digest(),
        **{name: _version(name) for name in LIBRARIES},
        "kernels": "native" if determinism.uses_native_kernels() else "portable",
        "processor": "portable" if determinism.is_portable_processor() else "another than x86-64 with AVX2",
        "device": device_type,
    }


def resource(described: dict[str, str]) -> str:
    """Return a short name of a description, by which a cluster knows the workers that have it."""
    digest = hashlib.sha256(repr(sorted(described.items())).encode()).hexdigest()
    return f"sequence-pipeline-{digest[:16]}"


def differences(wanted: dict[str, str], found: dict[str, str]) -> str:
    """Return what a worker has otherwise, in words."""
    pairs = [(name, found.get(name, "none"), value) for name, value in wanted.items() if found.get(name) != value]
    return ", ".join(f"{name} {has} instead of {value}" for name, has, value in pairs)


@cache
def code_digest() -> str:
    """Return a digest of this package's Python files, and its version."""
    root = Path(pipeline.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root).as_posix()}\0{files.sha256(path)}\n".encode())
    return f"{pipeline.__version__} ({digest.hexdigest()[:8]})"


def _version(name: str) -> str:
    try:
        return version(name).partition("+")[0]  # a build for a GPU is the same
    except PackageNotFoundError:
        return "none"
