import os
from pathlib import Path

import pytest

from pipeline import report
from pipeline.report import View
from tests.support import results_tree


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    before = Path.cwd()
    os.chdir(root)
    try:
        results_tree.build(root)
    finally:
        os.chdir(before)
    return root


@pytest.fixture
def inside(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project)
    return project


@pytest.fixture
def view(inside: Path) -> View:
    from pipeline.params import load_params

    return report.build(load_params())
