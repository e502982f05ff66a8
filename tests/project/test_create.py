"""A new project folder: what it has, and where none is made."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.params import load_params
from pipeline.project.create import create
from tests.support.params import FORMATS, KINDS, load

COMMENTED = re.compile(r"^( *)# (?= *[\w-]+:(?: |$))", re.MULTILINE)  # a key of YAML; other comments begin with words


@pytest.fixture
def refusal(error_of):
    """Return a function that gives the one line with which a folder is refused; nothing may be written then."""

    def refusal(folder):
        before = sorted(Path().rglob("*"))
        line = error_of(create, Path(folder))
        assert sorted(Path().rglob("*")) == before
        return line

    return refusal


def dvc(*command):
    done = subprocess.run([sys.executable, "-m", "dvc", *command], cwd="mine", capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("in_git", [False, True])
def test_a_folder_is_a_dvc_project_of_its_own(here, in_git):
    if in_git:
        subprocess.run(["git", "init", "--quiet"], check=True)
    create(here / "mine")
    code, output = dvc("stage", "list", "--name-only")
    assert code == 0
    of_nouns = ["prepare@nouns", "baseline@nouns", "train@nouns-lstm", "evaluate@nouns"]
    assert output.split() == ["check", *of_nouns, "report", "publish"]
    assert dvc("root")[1].strip() == "."
    assert (dvc("config", "core.no_scm")[1].strip() == "true") == (not in_git)
    assert "analytics = false" in (here / "mine/.dvc/config").read_text()


def test_an_empty_folder_is_filled_and_one_with_raw_files_too(here):
    (here / "mine/data/raw").mkdir(parents=True)
    (here / "mine/data/raw/names.csv").write_text("mine")
    create(Path("mine"))
    assert {path.name for path in (here / "mine/data/raw").iterdir()} == {"names.csv", "nouns.csv"}
    assert len((here / "mine/data/raw/nouns.csv").read_text().splitlines()) == 1 + 10


def test_params_yaml_shows_every_format_and_source_each_of_which_can_be_used(here):
    create(Path("mine"))
    text = (here / "mine/params.yaml").read_text()
    assert [*load(here, text).datasets] == ["nouns"]
    (here / "params.yaml").write_text(COMMENTED.sub(r"\1", text))
    params = load_params()
    assert {dataset.format for dataset in params.datasets.values()} == {*FORMATS}
    assert {source.kind for source in params.sources.values()} == {*KINDS}
    assert all(len(models) == 1 for models in params.model_names.values())


@pytest.mark.parametrize(
    "name",
    ["params.yaml", "dvc.yaml", "dvc.lock", ".gitignore", ".dvc", "data/README.md", "data/raw/nouns.csv", "pipeline"],
)
def test_a_folder_that_has_one_of_the_files_is_refused(here, refusal, name):
    (here / "mine" / name).parent.mkdir(parents=True)
    (here / "mine" / name).write_text("mine")
    assert refusal("mine").startswith(f"mine: has {name} already; name a folder")


def test_a_link_that_leads_nowhere_is_there_too(here, refusal):
    (here / "mine").mkdir()
    (here / "mine/params.yaml").symlink_to("nowhere")
    assert "has params.yaml already" in refusal("mine")


def test_a_file_is_refused(here, refusal):
    (here / "mine").write_text("mine")
    assert refusal("mine").startswith("mine: a file; name a folder")


@pytest.mark.parametrize("place", ["models/mine", "data/prepared/mine", "results", "reports/a/b"])
def test_a_place_where_another_project_has_its_outputs_is_refused(here, refusal, place):
    create(Path())
    assert refusal(place).startswith(f"{here / place}: inside {here}/")
    create(Path("data/mine"))


def test_a_folder_that_git_ignores_is_refused_as_dvc_does(here, refusal):
    subprocess.run(["git", "init", "--quiet"], check=True)
    (here / ".gitignore").write_text("/mine\n")
    line = refusal("mine")
    assert line.startswith("mine: `dvc init` refuses it: ")
    assert "is ignored" in line
    assert ".gitignore" in line
