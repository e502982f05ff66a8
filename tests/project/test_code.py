"""The code of each stage, of which `check` writes the digests; and a project folder beside the repository."""

import os

import pytest
from ruamel.yaml import YAML

from pipeline.project import code
from pipeline.project.create import PLACES, TEMPLATE
from tests.support.project import REPOSITORY

STAGES = YAML(typ="safe", pure=True).load(REPOSITORY / "dvc.yaml")["stages"]


def body(stage):
    return STAGES[stage].get("do", STAGES[stage])


def test_each_stage_but_check_depends_on_the_digest_of_its_code():
    assert {stage for stage in STAGES if f"code/{stage}.txt" in body(stage)["deps"]} == {*code.STAGE_CODE}
    assert {*STAGES} == {"check", *code.STAGE_CODE}


def test_check_writes_all_digests_and_the_version():
    written = [out for out in STAGES["check"]["outs"] if out.startswith("code/")]
    assert written == [f"code/{name}.txt" for name in sorted([*code.STAGE_CODE, "version"])]


def test_a_projects_dvc_yaml_is_the_repositorys_but_for_the_code_that_check_depends_on():
    wanted = YAML(typ="safe", pure=True).load(REPOSITORY / "dvc.yaml")
    wanted["stages"]["check"] |= {"deps": ["params.yaml"], "always_changed": True}
    assert YAML(typ="safe", pure=True).load(TEMPLATE / "pipeline.yaml") == wanted


def test_the_project_of_the_published_recipes_has_the_same_stages_and_published_figures():
    template, published = (
        YAML(typ="safe", pure=True).load(path)
        for path in (TEMPLATE / "pipeline.yaml", REPOSITORY / "published/dvc.yaml")
    )
    published["stages"]["report"]["deps"].remove("data/published.yaml")
    assert published == template


@pytest.mark.parametrize("name", ["config", "dvcignore", "plots/curves.json"])
def test_other_settings_of_a_project_are_the_repositorys(name):
    first, _, rest = name.partition("/")
    assert (TEMPLATE / name).read_text() == (REPOSITORY / PLACES[first] / rest).read_text()


def test_the_defaults_of_a_project_are_the_repositorys():
    first, other = (YAML(typ="safe", pure=True).load(folder / "params.yaml") for folder in (TEMPLATE, REPOSITORY))
    assert first["defaults"] == other["defaults"]


def test_git_ignores_the_outputs_of_a_project_as_those_of_the_repository():
    ignored, wanted = (
        {line for line in path.read_text().splitlines() if not line.startswith("#")}
        for path in (TEMPLATE / "gitignore", REPOSITORY / ".gitignore")
    )
    tools = {"/.lock-venv", "/build/", "/*.egg-info/", ".hypothesis/", ".mypy_cache/", ".pytest_cache/", ".ruff_cache/"}
    assert ignored == wanted - tools


def test_a_project_folder_has_the_digest_of_each_stage_and_keeps_files_that_are_up_to_date(here):
    code.record()
    found = {path: path.read_text() for path in (here / "code").iterdir()}
    assert {path.stem for path in found} == {*code.STAGE_CODE, "version"}
    assert all(code.digest(stage) in found[here / f"code/{stage}.txt"] for stage in code.STAGE_CODE)
    (here / "code/train.txt").write_text("of another version")
    for path in found:
        os.utime(path, (1, 1))
    code.record()
    assert {path: path.read_text() for path in found} == found
    assert {path.stem for path in found if path.stat().st_mtime > 1} == {"train"}
