"""What a changed file runs anew, asked of DVC in a real repository that is up to date."""

import json

import pytest

from tests.support.repository import ran

pytestmark = pytest.mark.xdist_group("use")  # the repository of test_use.py

TRAIN = {"train@words-lstm", "train@overfit-lstm"}
BASELINE = {"baseline@words", "baseline@overfit"}
EVALUATE = {"evaluate@words", "evaluate@overfit"}


def changed_stages(repository, *files):
    """Return the stages that have to run after one more byte in some files, and take it back."""
    before = {path: path.read_bytes() for path in (repository.folder / file for file in files)}
    record = ("python", "-c", "from pipeline.project import code; code.record()")  # as `stages.repro` does
    try:
        for path, content in before.items():
            path.write_bytes(content + b"#\n")
        repository.run(*record)
        return set(json.loads(repository.run("dvc", "status", "--json")))
    finally:
        for path, content in before.items():
            path.write_bytes(content)
        repository.run(*record)


NO_DEPENDENCY = (
    "pipeline/execution/progress.py",
    "pipeline/errors.py",
    "pipeline/tracking/runs.py",
    "stages/command.py",
)


def test_code_that_changes_no_result_reruns_nothing(copy_once):
    assert changed_stages(copy_once, *NO_DEPENDENCY) == set()


@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("pipeline/report/sections.py", {"report"}),
        ("pipeline/report/templates/style.css", {"report"}),
        ("pipeline/evaluation/baselines/next_symbol.py", BASELINE),
        ("pipeline/evaluation/metrics.py", BASELINE | EVALUATE),
        ("pipeline/evaluation/plots.py", EVALUATE),
        ("pipeline/evaluation/tasks/next_symbol.py", EVALUATE),
        ("pipeline/models/cells.py", TRAIN | EVALUATE),
        ("pipeline/training/loop.py", TRAIN),
        ("pipeline/data/formats/words.py", {"prepare@words", "prepare@overfit", "report"}),
    ],
)
def test_a_changed_byte_reruns_what_it_can_change(copy_once, file, stages):
    assert changed_stages(copy_once, file) == {"check"} | stages


def test_a_changed_model_fits_no_baseline(copy):
    def change(params):
        params["models"]["words-lstm"]["learning_rate"] = 0.02

    copy.change_params(change)
    stages = set(json.loads(copy.run("dvc", "status", "--json")))
    assert "train@words-lstm" in stages
    assert not stages & BASELINE


def test_a_changed_baseline_is_fitted_and_compared_again_and_trains_nothing(copy):
    code = copy.folder / "pipeline/evaluation/baselines/next_symbol.py"
    text = code.read_text(encoding="utf-8")
    assert "letter frequencies" in text
    code.write_text(text.replace("letter frequencies", "shares of letters"), encoding="utf-8")
    assert set(ran(copy.run("dvc", "repro"))) == {"check"} | BASELINE | {"evaluate@words", "report", "publish"}
    assert "shares of letters" in (copy.folder / "results/words/about.json").read_text()


def test_a_comment_in_a_cell_trains_and_evaluates_and_then_everything_is_as_before(copy):
    cells = copy.folder / "pipeline/models/cells.py"
    cells.write_text(cells.read_text(encoding="utf-8") + "# A comment.\n", encoding="utf-8")
    assert set(ran(copy.run("dvc", "repro"))) == {"check"} | TRAIN | EVALUATE
    changed = copy.run("git", "status", "--porcelain").splitlines()
    assert [line[3:] for line in changed] == ["dvc.lock", "pipeline/models/cells.py"]
