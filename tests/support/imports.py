"""Which of the project's files a file imports, read from its import statements, late ones included."""

import ast
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from tests.support.project import REPOSITORY

PACKAGES = ("pipeline", "stages")
PUBLIC = Path("pipeline/__init__.py")  # `pipeline.load` imports late, for whoever calls it; no stage does


@cache
def imported(path: Path) -> frozenset[Path]:
    """Return the files that a file of the repository imports, and the packages that these are in."""
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    nodes = tree.body if path == PUBLIC else ast.walk(tree)
    return frozenset(file for node in nodes for file in _files(node, path)) - {path}


def reached(script: Path, ends: Collection[Path] = ()) -> set[Path]:
    """Return the files that a script imports, directly or not; those in `ends` are not followed."""
    seen: set[Path] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += [] if is_in(path, ends) else imported(path)
    return seen


def is_in(path: Path, places: Collection[Path]) -> bool:
    """Return whether a file is one of some files, or lies in one of some folders."""
    return any(path.is_relative_to(place) for place in places)


def has_code(path: Path) -> bool:
    """Return whether a file has more than a docstring."""
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    return len(tree.body) > (ast.get_docstring(tree) is not None)


def project_files() -> list[Path]:
    """Return every Python file of the packages."""
    found = (file for package in PACKAGES for file in (REPOSITORY / package).rglob("*.py"))
    return sorted(file.relative_to(REPOSITORY) for file in found)


@cache
def private_names() -> frozenset[str]:
    """Return the names of the packages' functions and classes that begin with an underscore."""
    trees = (ast.parse((REPOSITORY / path).read_text(encoding="utf-8")) for path in project_files())
    nodes = (node for tree in trees for node in ast.walk(tree))
    names = (node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef))
    return frozenset(name for name in names if name.startswith("_") and not name.startswith("__"))


def _files(node: ast.AST, path: Path) -> Iterator[Path]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _module_files(alias.name)
    elif isinstance(node, ast.ImportFrom):
        above = path.parts[: len(path.parts) - node.level] if node.level else ()
        module = ".".join([*above, *([node.module] if node.module else [])])
        yield from _module_files(module)
        for alias in node.names:
            yield from _module_files(f"{module}.{alias.name}")


def _module_files(module: str) -> Iterator[Path]:
    """Yield the file of a module and those of the packages above it, if they are the project's."""
    parts = module.split(".")
    for depth in range(1, len(parts) + 1) if parts[0] in PACKAGES else ():
        base = Path(*parts[:depth])
        yield from (path for path in (base / "__init__.py", base.with_suffix(".py")) if (REPOSITORY / path).exists())
