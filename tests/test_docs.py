"""README and docs say what is true."""

import re

import pytest

from pipeline.settings.datasets import FORMATS
from pipeline.settings.models import ModelSettings
from pipeline.settings.sources import KINDS
from tests.small import REPOSITORY as ROOT

DOCS = [ROOT / "README.md", ROOT / "data/README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8"))
    assert not [link for link in targets if "://" not in link and not (page.parent / link).exists()]


@pytest.mark.parametrize(
    ("page", "classes"),
    [("adding-a-model.md", [ModelSettings]), ("adding-a-dataset.md", [*FORMATS.values(), *KINDS.values()])],
)
def test_every_key_of_params_is_explained(page, classes):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert not [key for cls in classes for key in cls.model_fields if f"`{key}" not in text and f"{key}:" not in text]


def test_the_architecture_names_every_module():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    modules = [path.stem for path in (ROOT / "pipeline").iterdir() if path.stem not in ("__init__", "__pycache__")]
    assert not [name for name in modules if f"`{name}" not in text]


def test_every_variable_of_the_environment_is_explained():
    read = {
        name
        for path in (ROOT / "pipeline").rglob("*.py")
        for name in re.findall(r'"(PIPELINE_[A-Z]+)"', path.read_text())
    }
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert read
    assert not [name for name in read if name not in text]


def test_make_commands_in_the_readme_exist():
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z]+)", (ROOT / "README.md").read_text())) <= made
