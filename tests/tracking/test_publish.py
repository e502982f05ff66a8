"""What publishing does to a store that has runs already."""

import pytest
from mlflow import MlflowClient

from pipeline import files, paths, tracking
from pipeline.errors import DataError
from pipeline.params import load_params
from pipeline.tracking import records, runs
from tests.tracking.conftest import RUNS, find_model_run, find_runs, find_seed_runs

pytestmark = pytest.mark.xdist_group("tracking")


def publish():
    return tracking.publish(load_params())


def list_runs(client):
    return {run.info.run_id: (run.info.status, run.info.end_time) for run in find_runs(client, "names")}


def changed_digests(before):
    """Return the records whose digest has changed."""
    now = {record.name: record.digest for record in records.read_records("names", load_params())}
    return {name for name, digest in now.items() if digest != before[name]}


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
def test_an_incomplete_run_is_written_again(copy, damage):
    before, other = (find_model_run(copy, name).info.run_id for name in ("names-lstm", "names-rnn"))
    damage(copy)
    assert publish().added == 1
    assert find_model_run(copy, "names-lstm").info.run_id != before
    assert set(find_seed_runs(copy, "names-lstm")) == {"1", "2"}
    assert find_model_run(copy, "names-rnn").info.run_id == other


def test_an_interrupted_publication_is_finished_by_the_next(copy, monkeypatch):
    copy.delete_run(find_model_run(copy, "names-lstm").info.run_id)
    create_run = MlflowClient.create_run

    def interrupted(self, experiment, **options):
        if options["run_name"].endswith("-seed-2"):
            raise KeyboardInterrupt
        return create_run(self, experiment, **options)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "create_run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            publish()
    assert find_model_run(copy, "names-lstm").info.status == "RUNNING"
    assert publish().added == 1
    assert find_model_run(copy, "names-lstm").info.status == "FINISHED"


def test_runs_abandoned_long_ago_are_deleted_and_others_are_not(copy):
    experiment = find_model_run(copy, "names-lstm").info.experiment_id
    tags = {"digest": "of results that have since changed", "kind": "model"}
    abandoned = copy.create_run(experiment, start_time=1, tags=tags)
    of_a_user = copy.create_run(experiment, start_time=1)
    just_begun = copy.create_run(experiment, tags=tags)
    assert publish().added == 0
    left = [copy.get_run(run.info.run_id).info.lifecycle_stage for run in (abandoned, of_a_user, just_begun)]
    assert left == ["deleted", "active", "active"]


def test_only_the_changed_model_is_published_again(copy, published):
    change_weights("names-lstm")
    assert changed_digests(published.digests["names"]) == {"names-lstm"}
    assert publish().added == 1
    assert len(find_runs(copy, "names", "tags.model = 'names-lstm' and tags.kind = 'model'")) == 2


def test_a_deleted_experiment_is_restored(copy):
    experiment = find_model_run(copy, "names-lstm").info.experiment_id
    copy.delete_experiment(experiment)
    publish()
    assert copy.get_experiment(experiment).lifecycle_stage == "active"
    assert find_model_run(copy, "names-lstm").info.status == "FINISHED"


def test_runs_of_a_dvc_experiment_are_marked(copy, monkeypatch):
    monkeypatch.setenv("DVC_EXP_NAME", "tried-poem")
    change_weights("names-rnn")
    publish()
    (run,) = find_runs(copy, "names", "tags.dvc_exp_name = 'tried-poem'")
    assert run.data.tags["model"] == "names-rnn"


def test_the_digest_covers_what_a_run_shows(copy, published):
    table, card = paths.results("names") / "tables/confusion.csv", paths.prepared("names") / "data_card.json"
    table.write_text(table.read_text().replace("names-lstm,000,001,0", "names-lstm,000,001,1"))
    assert changed_digests(published.digests["names"]) == {"names-lstm"}
    files.write_json(card, files.read_json(card) | {"digest": "ef" * 32})
    assert changed_digests(published.digests["names"]) == published.digests["names"].keys()


def test_comparisons_of_two_models_are_in_no_digest(copy, published):
    table = paths.results("names") / "tables/comparisons.csv"
    header, *lines = table.read_text().splitlines()
    kept = [f"{line.rsplit(',', 2)[0]},0.9,no" for line in lines if "baseline" in line]  # p depends on other pairs
    new = ["names-lstm,names-new,accuracy,0.1,0.1,0.2,0.001,yes", "names-new,baseline,accuracy,0.1,0.1,0.2,0.001,yes"]
    table.write_text("\n".join([header, *kept, *new, ""]))
    assert changed_digests(published.digests["names"]) == set()
    table.write_text("\n".join([header, *kept[1:], *new, ""]))
    assert changed_digests(published.digests["names"]) == {"names-lstm"}


def test_missing_results_name_the_cure(copy):
    (paths.results("names") / "metrics.json").unlink()
    with pytest.raises(DataError, match="run `dvc repro`"):
        publish()


def test_a_batch_is_within_the_limits_of_mlflow():
    params = 100  # MLflow takes no more in one call
    assert runs.BATCH_SIZE + params <= 1000
