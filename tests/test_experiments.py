"""Experiments of DVC publish into the real project's store, under their names, wherever DVC runs them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.repository import Repository

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("experiments")]

CHANGE = "models.words-lstm.learning_rate"
QUERY = """
SELECT name.value, runs.artifact_uri, param.value
FROM tags AS name JOIN runs USING (run_uuid) JOIN params AS param USING (run_uuid) JOIN tags AS kind USING (run_uuid)
WHERE name.key = 'dvc_exp_name' AND param.key = 'learning_rate' AND kind.key = 'kind' AND kind.value = 'model'
AND runs.lifecycle_stage = 'active' AND runs.status = 'FINISHED'
"""


def read_experiments(project: Path) -> dict[str, tuple[str, str]]:
    """Return the folder of the files and the changed param of the model's run of each experiment in the store."""
    with closing(sqlite3.connect(project / "mlflow.db")) as store:
        found = store.execute(QUERY).fetchall()
    assert len({name for name, _, _ in found}) == len(found)
    return {name: (folder, value) for name, folder, value in found}


def test_experiments_in_the_workspace_a_copy_or_the_queue_are_in_the_store(copy: Repository) -> None:
    copy.run("dvc", "repro", "--single-item", "--force", "publish")  # into a store of the copy's own
    copy.run("dvc", "exp", "run", "--quiet", "--name", "here", "-S", f"{CHANGE}=0.011")
    copy.run("dvc", "exp", "run", "--quiet", "--temp", "--name", "in-a-copy", "-S", f"{CHANGE}=0.012")
    copy.run("dvc", "exp", "run", "--quiet", "--queue", "--name", "queued", "-S", f"{CHANGE}=0.013")
    copy.run("dvc", "exp", "run", "--quiet", "--run-all")
    found = read_experiments(copy.folder)
    values = {name: value for name, (_, value) in found.items()}
    assert values == {"here": "0.011", "in-a-copy": "0.012", "queued": "0.013"}
    assert all(folder.startswith((copy.folder / "mlartifacts").as_uri()) for folder, _ in found.values())
    assert [path for path in copy.folder.rglob("mlflow*.db") if path.parent != copy.folder] == []
