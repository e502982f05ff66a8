"""What Git tracks is not overwritten, and no symbolic link leads reading or writing outside."""

import subprocess

import pytest

from pipeline.params import check_places
from tests.support.params import changed, load


@pytest.fixture
def project(here):
    """Return the folder of a project inside a Git repository, with a tracked file."""
    folder = here / "repository" / "project"
    (folder / "data/raw/deep").mkdir(parents=True)
    for name in ("words.txt", "deep/a.txt"):
        (folder / "data/raw" / name).write_text("mine")
    (here / "outside").mkdir()
    (here / "outside/words.txt").write_text("theirs")
    subprocess.run(["git", "init", "--quiet", folder.parent], check=True)
    subprocess.run(["git", "-C", folder.parent, "add", "."], check=True)
    return folder


@pytest.fixture
def error(project, monkeypatch, error_of):
    """Return a function that gives the one line with which changed params are refused there."""
    monkeypatch.chdir(project)

    def error(path="datasets.words.raw", value="data/raw/words.txt"):
        return error_of(check_places, load(project, changed(path, value)))

    return error


@pytest.mark.parametrize("file", ["words.txt", "./words.txt", "deep", "words.txt/b", "deep/a.txt"])
def test_a_source_may_not_take_the_place_of_a_file_that_git_tracks(error, file):
    line = error("sources.archive.file", f"data/raw/{file}")
    assert line.startswith(
        f"params.yaml: sources.archive.file: found 'data/raw/{file}', which Git tracks; choose another"
    )


@pytest.mark.parametrize("file", ["*.txt", "words.txt2", "deep/b", ":/"])
def test_another_file_beside_it_is_fetched(project, monkeypatch, file):
    monkeypatch.chdir(project)
    check_places(load(project, changed("sources.archive.file", f"data/raw/{file}")))


def test_without_git_nothing_is_tracked(project, monkeypatch):
    monkeypatch.chdir(project)
    monkeypatch.setenv("PATH", str(project))
    check_places(load(project, changed("sources.archive.file", "data/raw/words.txt")))


@pytest.mark.parametrize(
    "raw", ["../../outside/words.txt", "../../../../etc/passwd", "data/../../../outside/words.txt"]
)
def test_a_raw_file_outside_the_git_repository_is_refused(error, raw):
    line = error("datasets.words.raw", raw)
    assert line.startswith(f"params.yaml: datasets.words.raw: found '{raw}', outside the Git repository; copy it into")


def test_a_raw_file_may_lie_beside_the_project_in_its_repository(project, monkeypatch):
    monkeypatch.chdir(project)
    (project.parent / "words.txt").write_text("ours")
    check_places(load(project, changed("datasets.words.raw", "../words.txt")))


def test_a_source_in_a_folder_that_is_a_link_is_refused(project, error):
    (project / "data/raw/linked").symlink_to(project / "data")
    line = error("sources.archive.file", "data/raw/linked/a.zip")
    assert line.startswith(
        f"params.yaml: sources.archive.file: data/raw/linked leads to '{project}/data', outside data/raw"
    )


def test_a_raw_file_that_is_a_link_out_of_the_repository_is_refused(project, error):
    (project / "data/raw/link.txt").symlink_to(project.parent.parent / "outside/words.txt")
    line = error("datasets.words.raw", "data/raw/link.txt")
    assert line.startswith("params.yaml: datasets.words.raw: data/raw/link.txt leads to ")
    assert "outside the Git repository; copy it" in line


def test_a_folder_with_a_link_out_of_the_repository_is_refused(project, error):
    (project / "data/raw/deep/b.txt").symlink_to(project.parent.parent / "outside/words.txt")
    assert "datasets.names.raw: data/raw/deep/b.txt leads to " in error("datasets.names.raw", "data/raw/deep")


def test_without_git_a_raw_file_lies_in_the_projects_folder(project, error, monkeypatch):
    monkeypatch.setenv("PATH", str(project))
    (project.parent / "shared.txt").write_text("ours")
    (project / "data/raw/link.txt").symlink_to(project.parent / "shared.txt")
    assert "data/raw/link.txt leads to " in error("datasets.words.raw", "data/raw/link.txt")


def test_links_inside_the_repository_and_links_of_fetched_files_are_read(project, monkeypatch):
    monkeypatch.chdir(project)
    (project.parent / "shared.txt").write_text("ours")
    (project / "data/raw/link.txt").symlink_to(project.parent / "shared.txt")
    check_places(load(project, changed("datasets.words.raw", "data/raw/link.txt")))
    (project / "data/raw/a.zip").symlink_to(project.parent.parent / "outside/words.txt")  # as into a shared DVC cache
    check_places(load(project, changed("datasets.words.raw", "data/raw/a.zip")))


@pytest.mark.parametrize(
    "folder",
    [
        "code",
        "data/prepared",
        "data/prepared/words",
        "baselines",
        "baselines/words",
        "models",
        "models/words/words-lstm",
        "results",
        "reports",
    ],
)
def test_a_folder_of_outputs_that_is_a_link_out_of_the_project_is_refused(project, error, folder):
    (project / folder).parent.mkdir(parents=True, exist_ok=True)
    (project / folder).symlink_to(project.parent)
    assert error().startswith(f"{folder} leads to '{project.parent}', outside the project's folder; remove that link")


def test_links_in_a_circle_are_no_traceback(project, monkeypatch):
    monkeypatch.chdir(project)
    (project / "models").symlink_to("models")
    check_places(load(project, changed("datasets.words.raw", "data/raw/words.txt")))
