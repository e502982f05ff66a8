"""What a changed file runs anew, asked of DVC in a real repository that is up to date."""

import json

import pytest

from tests.support.repository import ran

pytestmark = pytest.mark.xdist_group("use")  # the repository of test_use.py

TRAIN = {"train@words-lstm", "train@overfit-lstm"}
EVALUATE = {"evaluate@words", "evaluate@overfit"}


def changed_stages(repository, file):
    """Return the stages that have to run after one more byte in a file, and take it back."""
    path = repository.folder / file
    content = path.read_bytes()
    path.write_bytes(content + b"#\n")
    try:
        return set(json.loads(repository.run("dvc", "status", "--json")))
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("pipeline/execution/progress.py", set()),
        ("pipeline/errors.py", set()),
        ("pipeline/tracking/runs.py", set()),
        ("stages/command.py", set()),
        ("pipeline/report/sections.py", {"report"}),
        ("pipeline/report/templates/style.css", {"report"}),
        ("pipeline/evaluation/baselines/next_symbol.py", EVALUATE),
        ("pipeline/models/cells.py", TRAIN | EVALUATE),
        ("pipeline/training/loop.py", TRAIN),
        ("pipeline/data/formats/words.py", {"prepare@words", "prepare@overfit", "report"}),
    ],
)
def test_a_changed_byte_reruns_what_it_can_change(copy_once, file, stages):
    assert changed_stages(copy_once, file) == stages


def test_a_comment_in_a_cell_trains_and_evaluates_and_then_everything_is_as_before(copy):
    cells = copy.folder / "pipeline/models/cells.py"
    cells.write_text(cells.read_text(encoding="utf-8") + "# A comment.\n", encoding="utf-8")
    assert set(ran(copy.run("dvc", "repro"))) == TRAIN | EVALUATE
    changed = copy.run("git", "status", "--porcelain").splitlines()
    assert [line[3:] for line in changed] == ["dvc.lock", "pipeline/models/cells.py"]
