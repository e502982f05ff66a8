"""Imports go one way: from the commands down to files and errors, and never in a circle."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.imports import PACKAGES, imported, is_in, private_names, project_files

# From top to bottom; a package imports only what stands below it, or itself.
LAYERS = (
    ("stages",),
    ("pipeline/tracking", "pipeline/reproduce"),
    ("pipeline/report", "pipeline/inference", "pipeline/project"),
    ("pipeline/evaluation",),
    ("pipeline/training",),
    ("pipeline/tasks",),
    ("pipeline/models",),
    ("pipeline/data",),
    ("pipeline/params",),
    ("pipeline/execution",),
    (
        "pipeline/__init__.py",
        "pipeline/determinism.py",
        "pipeline/spreadsheets.py",
        "pipeline/manifest.py",
        "pipeline/files.py",
        "pipeline/leftovers.py",
        "pipeline/paths.py",
        "pipeline/errors.py",
    ),
)
BASE = len(LAYERS) - 1
KNOW_THE_HARDWARE = ("pipeline/determinism.py", "pipeline/training/graphs.py")  # the second records CUDA graphs
EXECUTION_USERS = (
    "stages",
    "pipeline/tracking",
    "pipeline/inference",
    "pipeline/evaluation",
    "pipeline/training",
    "pipeline/execution",
)


def place(path: Path) -> tuple[int, str]:
    """Return the layer of a file, counted from the top, and its package there."""
    for number, packages in enumerate(LAYERS):
        for package in packages:
            if is_in(path, [Path(package)]):
                return number, package
    raise AssertionError(f"{path} is in no layer")


@pytest.mark.parametrize("path", project_files(), ids=str)
def test_a_file_imports_only_its_own_package_and_those_below(path):
    layer, package = place(path)
    above = [
        str(other)
        for other in imported(path)
        if place(other)[1] != package and ((place(other)[0] <= layer and layer != BASE) or place(other)[0] < layer)
    ]
    assert not above


@pytest.mark.parametrize("path", project_files(), ids=str)
def test_only_some_packages_spread_work(path):
    uses = any(is_in(other, [Path("pipeline/execution")]) for other in imported(path))
    assert not uses or is_in(path, [Path(package) for package in EXECUTION_USERS])


@pytest.mark.parametrize("path", project_files(), ids=str)
def test_only_tracking_imports_mlflow_and_few_modules_know_the_hardware(path):
    text = (Path(__file__).parent.parent / path).read_text(encoding="utf-8")
    assert ("import mlflow" not in text and "from mlflow" not in text) or is_in(path, [Path("pipeline/tracking")])
    assert "torch.cuda" not in text or str(path) in KNOW_THE_HARDWARE


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.rglob("*.py")), ids=lambda path: path.stem)
def test_tests_use_public_names_alone(path):
    text = path.read_text(encoding="utf-8")
    names = set(re.findall(r"\b_[A-Za-z]\w*", text)) - set(re.findall(r"\b(?:def|class) (_\w+)", text))
    assert not names & private_names()


def test_no_imports_form_a_circle():
    # Python imports a package before its modules, so an edge to an __init__.py says nothing of what a module needs.
    graph = {path: {other for other in imported(path) if other.name != "__init__.py"} for path in project_files()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)  # CycleError names the files


def test_no_package_is_missing_here():
    folders = {path.parts[0] if path.parts[0] == "stages" else Path(*path.parts[:2]) for path in project_files()}
    assert {str(folder) for folder in folders} == {package for layer in LAYERS for package in layer}
    assert PACKAGES == ("pipeline", "stages")
