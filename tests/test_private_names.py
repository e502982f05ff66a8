"""No private name of torch, MLflow or DVC is used: another release may lack it."""

import ast

import pytest

from tests.support.imports import project_files
from tests.support.small import REPOSITORY

LIBRARIES = ("torch", "mlflow", "dvc")


def private_names(text):
    """Return the private names that a file imports from the libraries, or takes from modules of theirs."""
    tree = ast.parse(text)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {
        (alias.asname or alias.name).partition(".")[0]
        for node in imports
        for alias in node.names
        if (node.module or "" if isinstance(node, ast.ImportFrom) else alias.name).partition(".")[0] in LIBRARIES
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
            root = node.value
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in modules:
                yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in LIBRARIES:
            parts = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            yield from (part for part in parts if part.startswith("_"))


@pytest.mark.parametrize("path", project_files(), ids=str)
def test_no_private_name_of_a_library_is_used(path):
    assert list(private_names((REPOSITORY / path).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import torch\ntorch._foreach_add_([], [])", ["torch._foreach_add_"]),
        ("from torch import nn\nnn.modules._x", ["nn.modules._x"]),
        ("from torch._dynamo import x", ["_dynamo"]),
        ("import mlflow.tracking\nmlflow.tracking._tracking_service", ["mlflow.tracking._tracking_service"]),
        ("import torch\ntorch.__version__\nself._x", []),
    ],
)
def test_private_names_are_found(text, names):
    assert list(private_names(text)) == names
