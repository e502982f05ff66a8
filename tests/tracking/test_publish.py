"""What publishing does to a store that has runs already."""

import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

from pipeline import files, manifest, paths, tracking
from pipeline.errors import DataError
from pipeline.params import load_params
from pipeline.tracking import identity, records, runs, store
from tests.support.project import MODELS, params_text
from tests.tracking.conftest import RUNS, find_model_run, find_runs, find_seed_runs

LSTM = "tags.model = 'names-lstm' and tags.kind = 'model'"

pytestmark = pytest.mark.xdist_group("tracking")


def publish():
    return tracking.publish(load_params())


def list_runs(client):
    return {run.info.run_id: (run.info.status, run.info.end_time) for run in find_runs(client, "names")}


def changed_digests(before):
    """Return the records whose digest has changed."""
    now = {record.name: record.digest for record in records.read_records("names", load_params())}
    return {name for name, digest in now.items() if digest != before[name]}


def change_card():
    """Change the data card, on which the key of every run depends."""
    card = paths.prepared("names") / "data_card.json"
    files.write_json(card, files.read_json(card) | {"digest": "ef" * 32})
    manifest.write(card.parent)
    for model in ("names-lstm", "names-rnn"):
        description = paths.model("names", model) / "model.json"
        files.write_json(description, files.read_json(description) | {"prepared_digest": "ef" * 32})
        manifest.write(description.parent)


def change_weights(model):
    (paths.model("names", model) / "seed-1.safetensors").write_bytes(b"other weights")


def test_publishing_again_changes_nothing(copy, published):
    before, again = list_runs(copy), publish()
    assert (again.added, again.existing) == (0, RUNS["names"])
    assert again.digests["names"] == published.digests["names"]
    assert list_runs(copy) == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda client: client.update_run(find_model_run(client, "names-lstm").info.run_id, status="RUNNING"),
        lambda client: client.delete_run(find_seed_runs(client, "names-lstm")["2"].info.run_id),
    ],
    ids=["unfinished", "without a seed"],
)
def test_an_incomplete_run_is_completed(copy, damage):
    before = find_model_run(copy, "names-lstm").info.run_id
    points = copy.get_metric_history(before, "curves/train_loss")
    damage(copy)
    done = publish()
    assert (done.added, done.completed, done.existing) == (0, 1, RUNS["names"] - 1)
    run = find_model_run(copy, "names-lstm")
    assert (run.info.run_id, run.info.status) == (before, "FINISHED")
    assert set(find_seed_runs(copy, "names-lstm")) == {"1", "2"}
    assert copy.get_metric_history(before, "curves/train_loss") == points  # none is there twice


def test_an_interrupted_publication_is_completed_by_the_next(copy, monkeypatch):
    copy.delete_run(find_model_run(copy, "names-lstm").info.run_id)
    create_run = MlflowClient.create_run

    def interrupted(self, experiment, start, tags, name):
        if tags.get("seed") == "2":
            raise KeyboardInterrupt
        return create_run(self, experiment, start, tags, name)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "create_run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            publish()
    assert find_model_run(copy, "names-lstm").info.status == "RUNNING"
    assert publish().completed == 1
    assert find_model_run(copy, "names-lstm").info.status == "FINISHED"
    assert set(find_seed_runs(copy, "names-lstm")) == {"1", "2"}


def other_workspace(client, run, **tags):
    """Let a run be another workspace's."""
    for name, value in {"workspace": "other", **tags}.items():
        client.set_tag(run.info.run_id, name, value)


def test_a_run_that_another_workspace_is_writing_is_left_alone_until_its_heartbeat_is_stale(copy):
    run = find_model_run(copy, "names-lstm")
    copy.update_run(run.info.run_id, status="RUNNING")
    other_workspace(copy, run, heartbeat=str(time.time()))
    assert publish().elsewhere == 1
    assert find_model_run(copy, "names-lstm").info.status == "RUNNING"
    other_workspace(copy, run, heartbeat=str(time.time() - 2 * runs.STALE_SECONDS))
    assert publish().completed == 1
    assert find_model_run(copy, "names-lstm").info.status == "FINISHED"


def test_what_another_workspace_has_written_to_the_end_stays(copy):
    run = find_model_run(copy, "names-lstm")
    other_workspace(copy, run, digest="of other words")
    done = publish()
    assert (done.added, done.completed, done.existing) == (0, 0, RUNS["names"])
    assert find_model_run(copy, "names-lstm").data.tags["digest"] == "of other words"


def test_of_two_runs_of_a_key_the_oldest_stays(copy):
    run = find_model_run(copy, "names-lstm")
    tags = {**run.data.tags, "created": str(int(run.data.tags["created"]) - 1), "workspace": "other"}
    older = copy.create_run(run.info.experiment_id, tags=tags)
    publish()
    assert copy.get_run(older.info.run_id).info.lifecycle_stage == "active"
    (record, *_) = records.read_records("names", load_params())
    with store.connect() as client:
        claimed = runs.claim(client, run.info.experiment_id, record)
    assert claimed.info.run_id == older.info.run_id
    assert len(find_runs(copy, "names", f"tags.key = '{record.key}'")) == 2  # what was created is gone again


def test_what_a_killed_process_left_running_is_marked_and_no_run_is_deleted(copy):
    experiment = find_model_run(copy, "names-lstm").info.experiment_id
    own = {"kind": "model", "model": "names-lstm", "key": "of other params", "workspace": identity.workspace()}
    abandoned = copy.create_run(experiment, tags=own)
    foreign = copy.create_run(experiment, tags=own | {"workspace": "other"})
    of_a_user = copy.create_run(experiment)
    publish()
    left = [copy.get_run(run.info.run_id).info for run in (abandoned, foreign, of_a_user)]
    assert [info.status for info in left] == ["KILLED", "RUNNING", "RUNNING"]
    assert {info.lifecycle_stage for info in left} == {"active"}


def test_runs_of_former_results_and_removed_models_are_tagged(copy):
    before = find_model_run(copy, "names-lstm").info.run_id
    change_card()
    publish()
    states = {run.data.tags["state"]: run.info.run_id for run in find_runs(copy, "names", LSTM)}
    assert states["replaced"] == before
    Path("params.yaml").write_text(params_text(["names"], {"names-rnn": MODELS["names-rnn"]}))
    publish()
    assert [run.data.tags["state"] for run in find_runs(copy, "names", LSTM)].count("removed") == 1
    rnn = find_runs(copy, "names", "tags.model = 'names-rnn' and tags.kind = 'model'")
    assert [run.data.tags["state"] for run in rnn] == ["current", "replaced"]


def test_only_the_changed_model_is_completed(copy):
    before = {record.name: record.digest for record in records.read_records("names", load_params())}
    change_weights("names-lstm")
    assert changed_digests(before) == {"names-lstm"}
    assert publish().completed == 2  # and the comparison
    (run,) = find_runs(copy, "names", LSTM)  # other bytes of the same key: the same run
    assert run.data.tags["digest"] != before["names-lstm"]


def test_a_deleted_experiment_is_restored(copy):
    experiment = find_model_run(copy, "names-lstm").info.experiment_id
    copy.delete_experiment(experiment)
    publish()
    assert copy.get_experiment(experiment).lifecycle_stage == "active"
    assert find_model_run(copy, "names-lstm").info.status == "FINISHED"


def test_runs_of_a_dvc_experiment_are_named_after_it_and_replace_none(copy, monkeypatch):
    monkeypatch.setenv("DVC_EXP_NAME", "tried-poem")
    change_card()
    publish()
    (run,) = find_runs(copy, "names", f"tags.dvc_exp_name = 'tried-poem' and {LSTM}")
    assert run.info.run_name.startswith("names-lstm (experiment tried-poem) ")
    assert {run.data.tags["state"] for run in find_runs(copy, "names", "tags.kind = 'model'")} == {"current"}


def test_the_digest_covers_what_a_run_shows_of_its_model_alone(copy, published):
    metrics = paths.results("names") / "metrics.json"
    content = files.read_json(metrics)
    content["names-lstm"]["test"]["loss"]["value"] += 1
    files.write_json(metrics, content)
    assert changed_digests(published.digests["names"]) == {"names-lstm"}
    change_card()
    assert changed_digests(published.digests["names"]) == published.digests["names"].keys()


def test_missing_results_name_the_cure(copy):
    (paths.results("names") / "metrics.json").unlink()
    with pytest.raises(DataError, match="run `dvc repro`"):
        publish()


def test_a_batch_is_within_the_limits_of_mlflow():
    params = tags = 100  # MLflow takes no more in one call
    assert runs.BATCH_SIZE + params + tags <= 1000
