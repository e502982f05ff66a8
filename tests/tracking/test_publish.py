"""What publishing does to a store; these tests depend on their order."""

from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline import files, paths, tracking
from pipeline.errors import DataError
from pipeline.params import load_params
from pipeline.tracking import records, runs
from pipeline.tracking.publish import ABANDONED_SECONDS
from tests.support import results_tree
from tests.tracking.conftest import RUNS, find_model_run, find_runs, list_runs

pytestmark = pytest.mark.xdist_group("tracking")


def test_publishing_again_changes_nothing(published: tracking.PublishResult, client: MlflowClient) -> None:
    before = list_runs(client)
    again = tracking.publish(load_params())
    assert (again.added, again.existing) == (0, RUNS)
    assert again.digests == published.digests
    assert list_runs(client) == before


def test_an_unfinished_run_is_written_again(client: MlflowClient) -> None:
    run, other = find_model_run(client, "binary-lstm"), find_model_run(client, "words-lstm")
    client.update_run(run.info.run_id, status="RUNNING")
    assert tracking.publish(load_params()).added == 1
    assert find_model_run(client, "binary-lstm").info.run_id != run.info.run_id
    assert len(find_runs(client, "binary", "tags.kind = 'seed'")) == 3
    assert find_model_run(client, "words-lstm").info.run_id == other.info.run_id


def test_a_run_without_one_of_its_seeds_is_written_again(client: MlflowClient) -> None:
    (seed, *_) = find_runs(client, "binary", "tags.kind = 'seed'")
    client.delete_run(seed.info.run_id)
    assert tracking.publish(load_params()).added == 1
    assert len(find_runs(client, "binary", "tags.kind = 'seed'")) == 3


def test_an_interrupted_publication_is_finished_by_the_next(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.delete_run(find_model_run(client, "sales-lstm").info.run_id)
    create_run = MlflowClient.create_run

    def interrupted(self: MlflowClient, experiment: str, **options: Any) -> Run:
        if options["run_name"].endswith("-seed-2"):
            raise KeyboardInterrupt
        return create_run(self, experiment, **options)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "create_run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tracking.publish(load_params())
    assert find_model_run(client, "sales-lstm").info.status == "RUNNING"
    assert tracking.publish(load_params()).added == 1
    assert find_model_run(client, "sales-lstm").info.status == "FINISHED"


def test_runs_abandoned_long_ago_are_deleted(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = client.get_experiment_by_name("sales")
    assert experiment is not None
    tags = {"digest": "of results that have since changed", "kind": "model"}
    abandoned = client.create_run(experiment.experiment_id, start_time=1, tags=tags).info.run_id
    mine = client.create_run(experiment.experiment_id, start_time=1, tags={}).info.run_id
    assert tracking.publish(load_params()).added == 0
    assert client.get_run(abandoned).info.lifecycle_stage == "deleted"
    assert client.get_run(mine).info.lifecycle_stage == "active"
    client.delete_run(mine)


def test_only_the_changed_model_is_published_again(client: MlflowClient, published: tracking.PublishResult) -> None:
    (paths.model("names", "names-lstm") / "seed-1.safetensors").write_bytes(b"other weights")
    again = tracking.publish(load_params())
    assert again.added == 1
    changed = {name for name, digest in again.digests["names"].items() if digest != published.digests["names"][name]}
    assert changed == {"names-lstm"}
    assert len(find_runs(client, "names", "tags.model = 'names-lstm' and tags.kind = 'model'")) == 2


def test_a_deleted_experiment_is_restored(client: MlflowClient) -> None:
    experiment = client.get_experiment_by_name("lyrics")
    assert experiment is not None
    client.delete_experiment(experiment.experiment_id)
    tracking.publish(load_params())
    assert client.get_experiment(experiment.experiment_id).lifecycle_stage == "active"
    assert find_model_run(client, "lyrics-lstm").info.status == "FINISHED"


def test_runs_of_a_dvc_experiment_are_marked(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "tried-poem")
    (paths.model("sales", "sales-lstm") / "seed-1.safetensors").write_bytes(b"other weights")
    tracking.publish(load_params())
    (run,) = find_runs(client, "sales", "tags.dvc_exp_name = 'tried-poem'")
    assert run.data.tags["model"] == "sales-lstm"


def test_the_digest_covers_what_a_run_shows(project: Path) -> None:
    def read_digests() -> dict[str, str]:
        return {record.name: record.digest for record in records.read_records("words", load_params())}

    before = read_digests()
    table = paths.results("words") / "tables" / "words.csv"
    table.write_text(table.read_text().replace("toxy", "tory"))
    changed = {name for name, digest in read_digests().items() if digest != before[name]}
    assert changed == {"words-lstm"}
    results_tree.edit_json(paths.prepared("words") / "data_card.json", "digest", "ef" * 32)
    assert all(digest != before[name] for name, digest in read_digests().items())


def test_comparisons_of_two_models_are_in_no_digest(project: Path) -> None:
    def read_digests() -> dict[str, str]:
        return {record.name: record.digest for record in records.read_records("names", load_params())}

    before = read_digests()
    table = paths.results("names") / "tables" / "comparisons.csv"
    more = ("names-lstm,names-new,accuracy,0.1,0.1,0.2,0.001,yes", "names-new,baseline,accuracy,0.1,0.1,0.2,0.001,yes")
    table.write_text("\n".join([table.read_text().replace(",0.3,no", ",0.6,no").rstrip("\n"), *more, ""]))
    assert read_digests() == before
    table.write_text(table.read_text().replace("0.29,0.28,0.31", "0.28,0.27,0.3"))
    assert {name for name, digest in read_digests().items() if digest != before[name]} == {"names-lstm"}


def test_the_metric_of_the_ensemble_is_shown_beside_the_mean(project: Path) -> None:
    path = paths.results("sales") / "metrics.json"
    metrics = files.read_json(path)
    metrics["sales-lstm"]["test"]["mae"]["ensemble"] = 0.4
    files.write_json(path, metrics)
    (record,) = (record for record in records.read_records("sales", load_params()) if record.name == "sales-lstm")
    assert record.metrics["test.mae.ensemble"] == 0.4
    assert record.metrics["test.mae"] == metrics["sales-lstm"]["test"]["mae"]["mean"]


def test_missing_results_name_the_cure(project: Path) -> None:
    (paths.results("lyrics") / "metrics.json").unlink()
    with pytest.raises(DataError, match="run `dvc repro`"):
        tracking.publish(load_params())


def test_a_batch_is_within_the_limits_of_mlflow() -> None:
    params = 100  # MLflow takes no more in one call
    assert runs.BATCH_SIZE + params <= 1000
    assert ABANDONED_SECONDS >= 600
