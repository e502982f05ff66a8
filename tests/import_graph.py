"""Which files of the project a module imports, directly or not."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def files_read(script: str) -> list[str]:
    """Return the project's files that running a script imports, itself included, as sorted paths."""
    seen: set[Path] = set()
    waiting = [ROOT / script]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += imports(path)
    return sorted(str(path.relative_to(ROOT)) for path in seen if path.read_text(encoding="utf-8").strip())


@cache
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
    if parts[0] not in ("pipeline", "stages"):
        return []
    found = []
    for depth in range(1, len(parts) + 1):
        base = ROOT.joinpath(*parts[:depth])
        found += [path for path in (base / "__init__.py", base.with_suffix(".py")) if path.exists()]
    return found
