"""README and docs say what is true."""

import re

import pytest

from pipeline.params.models import ModelParams
from tests.support.params import FORMATS, KINDS
from tests.support.project import REPOSITORY as ROOT

DOCS = [ROOT / "README.md", ROOT / "data/README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8"))
    assert not [link for link in targets if "://" not in link and not (page.parent / link).exists()]


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_files_named_in_code_style_exist(page):
    named = re.findall(
        r"`((?:benchmarks|data/build|pipeline|stages|tests)/[\w/.-]+)`", page.read_text(encoding="utf-8")
    )
    assert not [path for path in named if not (ROOT / path).exists()]


@pytest.mark.parametrize(
    ("page", "classes"),
    [("adding-a-model.md", [ModelParams]), ("adding-a-dataset.md", [*FORMATS.values(), *KINDS.values()])],
)
def test_every_key_of_params_is_explained(page, classes):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert not [key for cls in classes for key in cls.model_fields if f"`{key}" not in text and f"{key}:" not in text]


def test_the_architecture_names_every_package_and_no_other():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    _, _, section = text.partition("\n## Packages\n")
    table = re.findall(r"^\| (`.*?) \|", section.partition("\n| looking for")[0], flags=re.MULTILINE)
    code = {
        path.stem for path in (ROOT / "pipeline").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    named = re.findall(r"`(\w+)`", " ".join(table))
    assert sorted([*named, "execution"]) == sorted({"stages"} | code - {"__init__"})
    assert "\n`execution` (" in section  # below the table


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
