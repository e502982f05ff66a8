"""Stage `check` in a real repository: params that cannot be used stop `dvc repro` before anything else happens."""

import re

import pytest
from click.testing import CliRunner

from stages import check
from tests.support.repository import Repository, ran

pytestmark = pytest.mark.xdist_group("use")  # one repository, so one worker

CODE = "code"  # what the stage writes
COMMAND = "$(touch PWNED); touch PWNED #"
BAD_NAME = "; wanted a name of small letters, digits and hyphens"

STORE = re.compile("mlflow|mlartifacts")  # a copy of a project publishes into a store of its own


def add_unknown_key(params):
    params["models"]["words-lstm"]["colour"] = "red"


def use_old_key(params):
    model = params["models"]["words-lstm"]
    model["hidden"] = model.pop("hidden_size")


def name_dataset(key):
    """Return a change that gives a data set another key."""

    def change(params):
        params["datasets"][key] = params["datasets"].pop("words")
        params["models"]["words-lstm"]["dataset"] = key

    return change


def name_model(key):
    """Return a change that gives a model another key."""

    def change(params):
        params["models"][key] = params["models"].pop("words-lstm")

    return change


def leave_out_sources(params):
    del params["sources"]


def fetch_into(file, name="source"):
    """Return a change that adds a source, whose file stage `fetch` would write."""
    block = {"kind": "url", "url": "https://example.org/a.zip", "sha256": "0" * 64, "max_megabytes": 1, "file": file}

    def change(params):
        params["sources"] = {name: block}

    return change


def leave_out_dataset(params):
    del params["models"]["words-lstm"]["dataset"]


@pytest.fixture
def guarded(copy: Repository) -> Repository:
    """Return a finished repository with files, in it and beside it, that a source might overwrite."""
    (copy.folder / "README.md").write_text("mine")
    (copy.folder.parent / "escaped.txt").write_text("mine")
    return copy


def all_files(repository: Repository, *but: str) -> dict[str, tuple[int, bytes]]:
    """Return time and content of all files in the repository and beside it, without those of Git, DVC and Python."""
    above, left_out = repository.folder.parent, {repository.folder / name for name in but}
    paths = (path for path in above.rglob("*") if path.is_file() and not left_out & {path, path.parent})
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in paths
        if not {".git", "tmp", "cache", "__pycache__"} & set(path.relative_to(above).parts)
    }


REFUSED = [
    (add_unknown_key, "models.words-lstm.colour: unknown key; remove it or correct its spelling"),
    (name_dataset(COMMAND), f"datasets.{COMMAND}: found '{COMMAND}'{BAD_NAME}"),
    (fetch_into("data/raw/../../README.md"), "sources.source.file: found 'data/raw/../../README.md'; wanted a "),
]
MORE_REFUSED = [
    (use_old_key, "models.words-lstm.hidden: is now called hidden_size; rename it"),
    (name_model(COMMAND), f"models.{COMMAND}: found '{COMMAND}'{BAD_NAME}"),
    (name_model("../../README.md"), f"models.../../README.md: found '../../README.md'{BAD_NAME}"),
    (fetch_into("data/raw/a.zip", "a; touch PWNED"), f"sources.a; touch PWNED: found 'a; touch PWNED'{BAD_NAME}"),
    (fetch_into("README.md"), "sources.source.file: found 'README.md'; wanted a file below data/raw"),
    (fetch_into("data/raw/words.txt"), "sources.source.file: found 'data/raw/words.txt', which Git tracks"),
    (fetch_into("../escaped.txt"), "sources.source.file: found '../escaped.txt'; wanted a path inside "),
]


@pytest.mark.parametrize(("change", "error"), REFUSED)
def test_params_that_cannot_be_used_end_dvc_repro_in_one_line_and_change_nothing(guarded, change, error):
    guarded.change_params(change)
    before = all_files(guarded, CODE)
    output = guarded.run("dvc", "repro", code=255)
    assert ran(output) == ["check"]
    (line,) = (line for line in output.splitlines() if "params.yaml: " in line)
    assert line.startswith(f"Error: params.yaml: {error}")
    assert "Traceback" not in output
    assert not [*(guarded.folder / CODE).iterdir()]  # so a stage that needs it does not run
    assert all_files(guarded) == before


@pytest.mark.parametrize(("change", "error"), MORE_REFUSED)
def test_check_refuses_params_that_cannot_be_used_in_one_line_and_changes_nothing(guarded, monkeypatch, change, error):
    guarded.change_params(change)
    before = all_files(guarded)
    monkeypatch.chdir(guarded.folder)
    done = CliRunner().invoke(check.main)
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: params.yaml: {error}")
    assert done.output.count("\n") == 1
    assert all_files(guarded) == before


def test_params_that_cannot_be_used_end_dvc_repro_of_one_stage_before_it_runs(guarded):
    guarded.change_params(add_unknown_key)
    (guarded.folder / "stages/publish.py").write_text("raise SystemExit('ran')\n")
    before = all_files(guarded, CODE)
    assert ran(guarded.run("dvc", "repro", "publish", code=255)) == ["check"]  # test_dvc_yaml.py: all depend on it
    assert all_files(guarded) == before


def test_a_key_reaches_no_shell_where_check_is_skipped(guarded):
    guarded.change_params(name_dataset(COMMAND))
    before = all_files(guarded)
    output = guarded.run("dvc", "repro", "--single-item", f"prepare@{COMMAND}", code=255)
    assert f"Error: params.yaml: datasets.{COMMAND}: found '{COMMAND}'{BAD_NAME}" in output.splitlines()
    assert all_files(guarded) == before


@pytest.mark.services
@pytest.mark.parametrize(
    ("change", "error"),
    [
        (fetch_into("models/words/words-lstm/model.json"), "overlap and are thus in the same tracked directory"),
        (leave_out_dataset, "Could not find 'item.dataset'"),
        (name_dataset("../../pipeline"), "should be in separate tracked directories"),
    ],
)
def test_params_that_dvc_itself_refuses_change_nothing(guarded, change, error):
    guarded.change_params(change)
    before = all_files(guarded)
    output = guarded.run("dvc", "repro", code=255)
    assert error in output
    assert ran(output) == []
    assert all_files(guarded) == before


@pytest.mark.parametrize("change", [use_old_key, name_dataset(COMMAND), fetch_into("README.md")])
def test_params_that_cannot_be_used_are_refused_before_data_sets_run_side_by_side(guarded, change):
    guarded.change_params(change)
    before = all_files(guarded)
    output = guarded.run("python", "-m", "stages.repro", "--jobs", "2", code=1)
    assert output.startswith("Error: params.yaml: ")
    assert output.count("\n") == 1
    assert all_files(guarded) == before


def test_a_file_that_cannot_be_read_is_refused_before_dvc_reads_it(guarded):
    aliases = (f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 15))
    with (guarded.folder / "params.yaml").open("a") as file:
        file.write(f"a0: &a0 [1]\n{''.join(aliases)}")
    before = all_files(guarded)
    output = guarded.run("python", "-m", "stages.repro", code=1)
    assert output.startswith("Error: params.yaml: line ")
    assert output.count("\n") == 1
    assert all_files(guarded) == before


def test_sources_may_be_left_out(copy):
    copy.change_params(leave_out_sources)
    assert ran(copy.run("dvc", "repro")) == ["check", "report", "publish"]


def test_corrected_params_run_nothing_again(copy):
    params = (copy.folder / "params.yaml").read_bytes()
    before = all_files(copy)
    copy.change_params(use_old_key)
    copy.run("dvc", "repro", code=255)
    (copy.folder / "params.yaml").write_bytes(params)
    assert ran(copy.run("dvc", "repro")) == []
    assert {name: content for name, (_, content) in all_files(copy).items()} == {
        name: content for name, (_, content) in before.items()
    }


def test_a_changed_comment_runs_no_stage_before_the_report_and_changes_no_file(copy):
    def contents():
        found = all_files(copy, "params.yaml", "dvc.lock").items()
        return {path: content for path, (_, content) in found if not STORE.search(str(path))}

    before = contents()
    copy.change_params(lambda params: params.yaml_set_start_comment("A comment"))
    output = copy.run("dvc", "repro")
    assert ran(output) == ["check", "report", "publish"]
    assert contents() == before


def test_the_output_is_the_same_for_other_params(copy, monkeypatch):
    def shorten(params):
        params["models"]["words-lstm"]["epochs"] = 1

    def digests():
        return {path.name: path.read_bytes() for path in (copy.folder / CODE).iterdir()}

    before = digests()
    assert copy.run("python", "-m", "stages.check") == "params.yaml can be used; data sets: 2, models: 2\n"
    copy.change_params(shorten)
    copy.run("python", "-m", "stages.check")
    assert digests() == before
