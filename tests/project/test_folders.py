"""Project folders in use: real DVC, the installed package, inside and outside a Git repository."""

import json
import shutil

import pytest

from tests.support.installed import Installed
from tests.support.repository import ran, small_copy

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("folders")]  # one installed package, so one worker

ALL = ["check", "prepare@nouns", "baseline@nouns", "train@nouns-lstm", "evaluate@nouns", "report", "publish"]
WHERE = """
import click
import pipeline
from pipeline.execution import executor

def locate(job, report):
    return pipeline.__file__

@click.command()
def main():
    click.echo("\\n".join([pipeline.__file__, *executor.run(locate, [1, 2])]))

if __name__ == "__main__":
    main()
"""
OUTER = """
stages:
  outer:
    cmd: "echo 'loss: 1' > metrics.yaml"
    metrics:
    - metrics.yaml:
        cache: false
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return Installed(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def alone(installed, tmp_path_factory):
    """Return a project folder outside any Git repository, run once."""
    folder = tmp_path_factory.mktemp("alone")
    installed.folder(folder).run("sequence-pipeline", "init", "a project")
    project = installed.folder(folder / "a project")
    assert ran(project.run("dvc", "repro")) == ALL
    return project


@pytest.fixture(scope="module")
def repository(installed, tmp_path_factory):
    """Return a Git repository with a DVC project, and a finished project folder inside."""
    repository = installed.folder(tmp_path_factory.mktemp("repository"))
    repository.run("git", "init", "--quiet")
    repository.run("dvc", "init", "--quiet")
    (repository.folder / "dvc.yaml").write_text(OUTER)
    repository.run("dvc", "repro")
    repository.run("python", "-m", "stages.init", "inner/mine")
    assert ran(repository_folder(installed, repository).run("python", "-m", "stages.repro")) == ALL
    repository.commit("All")
    return repository


def repository_folder(installed, repository):
    return installed.folder(repository.folder / "inner/mine")


def test_a_second_run_checks_and_does_nothing_else(alone):
    assert ran(alone.run("dvc", "repro")) == ["check"]
    assert ran(alone.run("sequence-pipeline", "repro", "--jobs", "2")) == ["check"]


def test_the_commands_work_in_it(alone):
    assert "feminine" in alone.run("sequence-pipeline", "predict", "nouns-lstm", "casa")
    assert "nothing to delete" in alone.run("python", "-m", "stages.clean")
    assert "Usage: " in alone.run("python", "-m", "stages.ui", "--help")
    refused = alone.run("python", "-m", "stages.generate", "nouns-lstm", "--prefix", "c", code=1)
    assert refused.startswith("Error: ")
    assert len(refused.splitlines()) == 1
    (line,) = alone.run("python", "-m", "stages.verify", code=1).splitlines()
    assert "not a git repository" in line


def test_the_report_and_the_model_card_name_no_page_that_is_not_there(alone):
    pages = [*(alone.folder / "reports").rglob("*.md"), alone.folder / "reports/index.html"]
    assert len(pages) == 3
    assert not [page for page in pages if "docs/" in page.read_text()]


def test_it_reports_without_a_description_of_the_data(alone, tmp_path):
    shutil.copytree(alone.folder, tmp_path / "copy", symlinks=True)
    copy = type(alone)(tmp_path / "copy", alone.programs)
    (copy.folder / "data/README.md").unlink()
    copy.run("python", "-m", "stages.report")
    assert "data/README.md does not say" in (copy.folder / "reports/models/nouns-lstm.md").read_text()


@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("pipeline/execution/progress.py", set()),
        ("pipeline/report/templates/style.css", {"report"}),
        ("pipeline/models/cells.py", {"train@nouns-lstm", "evaluate@nouns"}),
        ("pipeline/data/formats/words.py", {"prepare@nouns", "report"}),
        ("stages/publish.py", {"publish"}),
    ],
)
def test_another_version_of_the_package_reruns_what_it_can_change(installed, alone, file, stages):
    with installed.one_more_byte(file):
        alone.run("dvc", "repro", "check")
        changed = json.loads(alone.run("dvc", "status", "--json"))
        assert changed.pop("check") == ["always changed"]
        assert set(changed) == stages
    assert ran(alone.run("dvc", "repro")) == ["check"]


def test_a_project_inside_git_leaves_nothing_that_git_should_not_have(repository):
    tracked = {path.removeprefix("inner/mine/") for path in repository.run("git", "ls-files", "inner").split()}
    assert {"dvc.yaml", "dvc.lock", "params.yaml", "results/nouns/metrics.json", "reports/index.html"} <= tracked
    assert not [path for path in tracked if path.startswith(("code", "models", "data/prepared", ".dvc/tmp", "mlflow"))]


def test_the_project_around_it_does_not_see_it(repository):
    assert json.loads(repository.run("dvc", "status", "--json")) == {}
    assert "nouns" not in repository.run("dvc", "metrics", "show")
    assert repository.run("dvc", "stage", "list", "--name-only").split() == ["outer"]
    assert ran(repository.run("dvc", "repro")) == []


def test_a_commit_of_a_project_inside_git_can_be_verified(installed, repository):
    output = repository_folder(installed, repository).run("python", "-m", "stages.verify")
    assert output.splitlines()[-1].startswith("identical: ")


@pytest.mark.parametrize("command", [["python", "-m", "stages.where"], ["sequence-pipeline", "where"]])
def test_commands_and_workers_use_the_code_of_a_copy_of_the_repository(installed, tmp_path, command):
    copy = installed.folder(small_copy(tmp_path / "copy").folder)
    (copy.folder / "stages/where.py").write_text(WHERE)
    assert {*copy.run(*command).splitlines()} == {f"{copy.folder}/pipeline/__init__.py"}
