"""What a run is called, and what it says of the code and params that made it."""

import subprocess
from pathlib import Path

import pytest

from pipeline.params import load_params
from pipeline.tracking import identity
from tests.support.project import MODELS, params_text

MODEL = "names-lstm"


def git(*arguments):
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def committed(here, monkeypatch):
    """Work in a repository whose params.yaml is committed."""
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)
    write()
    git("init")
    git("add", "params.yaml")
    git("commit", "-m", "Params")
    identity.refresh()
    return here


def write(**changes):
    Path("params.yaml").write_text(params_text(["names"], {MODEL: MODELS[MODEL] | changes}), encoding="utf-8")


def name():
    return identity.run_name(MODEL, "0123456789", identity.changed_params(MODEL, load_params().models[MODEL]))


def test_a_run_is_named_after_its_model_and_part_of_its_key(committed):
    assert name() == "names-lstm 0123456"


def test_a_name_has_the_params_that_differ_from_the_commit(committed):
    write(hidden_size=64, epochs=7)
    assert name() == "names-lstm (hidden_size=64, epochs=7) 0123456"
    write(hidden_size=64, epochs=7, batch_size=8, dropout=0.5, layers=2)
    assert name().count("=") == identity.CHANGES_SHOWN
    assert "2 more) " in name()


def test_a_name_has_the_experiment_of_dvc(committed, monkeypatch):
    monkeypatch.setenv("DVC_EXP_NAME", "tried-poem")
    assert name() == "names-lstm (experiment tried-poem) 0123456"


def test_tags_have_the_commit_and_whether_inputs_have_changed_since(committed):
    tags = identity.source_tags(f"train@{MODEL}")
    assert (len(tags["mlflow.source.git.commit"]), tags["git_dirty"]) == (40, "no")
    write(hidden_size=64)
    identity.refresh()
    assert identity.source_tags(f"train@{MODEL}")["git_dirty"] == "yes"


def test_without_a_repository_a_run_has_no_commit(here):
    write()
    identity.refresh()
    assert "mlflow.source.git.commit" not in identity.source_tags("report")
    assert name() == "names-lstm 0123456"


def test_keys_differ_where_settings_data_code_or_seeds_do(committed):
    params = load_params().models[MODEL]
    keys = {
        identity.model_key(MODEL, params, {"digest": "data"}, "code"),
        identity.model_key(MODEL, params, {"digest": "data"}, "other code"),
        identity.model_key(MODEL, params, {"digest": "other data"}, "code"),
        identity.model_key(MODEL, params.model_copy(update={"seeds": (1, 2, 3)}), {"digest": "data"}, "code"),
        identity.model_key(MODEL, params.model_copy(update={"epochs": 9}), {"digest": "data"}, "code"),
    }
    assert len(keys) == 5
