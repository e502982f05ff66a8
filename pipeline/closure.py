"""Which of the project's files a command runs on: what it imports, directly or not, and what lies beside that.

DVC is told of code by one small file a command, which holds the digests of those files. Named one by one in each stage,
they would make dvc.lock so large that DVC spent more time on reading it than the small models on training.
"""

import ast
from pathlib import Path

from pipeline import artifacts

PACKAGES = ("pipeline", "stages")


def digests(script: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that a script of the working folder runs on, by its path."""
    return {str(path): artifacts.sha256(path) for path in files(script)}


def files(script: Path) -> list[Path]:
    """Return the files that running a script imports, itself included, and the templates beside them, sorted."""
    seen: set[Path] = set()
    waiting = [script, *script.parent.glob("__init__.py")]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += imports(path)
    packages = {path.parent for path in seen if path.name == "__init__.py"}
    beside = {path for package in packages for path in package.glob("templates/*") if path.is_file()}
    return sorted(beside | {path for path in seen if path.stat().st_size})


def imports(path: Path) -> tuple[Path, ...]:
    """Return the project's files that one file names in its imports, also late ones."""
    found: list[Path] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found += _files(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += _files(node.module)
            for alias in node.names:
                found += _files(f"{node.module}.{alias.name}")
    return tuple(found)


def _files(module: str) -> list[Path]:
    """Return the file of a module and those of the packages above it, if they are the project's."""
    parts = module.split(".")
    if parts[0] not in PACKAGES:
        return []
    bases = [Path(*parts[:depth]) for depth in range(1, len(parts) + 1)]
    return [path for base in bases for path in (base / "__init__.py", base.with_suffix(".py")) if path.exists()]
