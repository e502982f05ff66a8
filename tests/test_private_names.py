"""No private name of torch, MLflow or DVC is used: another release may lack it."""

import ast

import pytest

from tests.support.imports import project_files
from tests.support.project import REPOSITORY

LIBRARIES = ("torch", "mlflow", "dvc")


def private_names(text):
    """Return the private names that a file imports from the libraries, or takes from modules of theirs."""
    tree = ast.parse(text)
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            start = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                parts = f"{start}{alias.name}".split(".")
                if parts[0] in LIBRARIES:
                    modules.add((alias.asname or alias.name).partition(".")[0])
                    yield from filter(is_private, parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            root = node.value
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in modules:
                yield ast.unparse(node)


def is_private(name):
    return name.startswith("_") and not name.endswith("__")


@pytest.mark.parametrize("path", project_files(), ids=str)
def test_no_private_name_of_a_library_is_used(path):
    assert list(private_names((REPOSITORY / path).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import torch\ntorch._foreach_add_([], [])", ["torch._foreach_add_"]),
        ("from torch import nn\nnn.modules._x", ["nn.modules._x"]),
        ("from torch._dynamo import x", ["_dynamo"]),
        ("import torch._dynamo as d", ["_dynamo"]),
        ("import mlflow.tracking\nmlflow.tracking._tracking_service", ["mlflow.tracking._tracking_service"]),
        ("import torch\ntorch.__version__\nself._x", []),
    ],
)
def test_private_names_are_found(text, names):
    assert list(private_names(text)) == names
