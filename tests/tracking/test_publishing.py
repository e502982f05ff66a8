"""What publishing does to a store; the tests run in the order in which they stand."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from pipeline import paths, settings, tracking
from pipeline.errors import UserError
from pipeline.tracking import content, publishing, runs
from tests import results_tree
from tests.tracking.conftest import RUNS, every_run, found, one

pytestmark = pytest.mark.xdist_group("tracking")


def test_publishing_again_changes_nothing(published: tracking.Tally, client: MlflowClient) -> None:
    before = every_run(client)
    again = tracking.publish(settings.load())
    assert (again.added, again.found) == (0, RUNS)
    assert again.digests == published.digests
    assert every_run(client) == before


def test_a_run_cut_off_before_its_end_is_written_anew(client: MlflowClient) -> None:
    run, other = one(client, "binary-lstm"), one(client, "words-lstm")
    client.update_run(run.info.run_id, status="RUNNING")
    assert tracking.publish(settings.load()).added == 1
    assert one(client, "binary-lstm").info.run_id != run.info.run_id
    assert len(found(client, "binary", "tags.kind = 'seed'")) == 3
    assert one(client, "words-lstm").info.run_id == other.info.run_id


def test_a_run_that_lacks_a_seed_is_written_anew(client: MlflowClient) -> None:
    (seed, *_) = found(client, "binary", "tags.kind = 'seed'")
    client.delete_run(seed.info.run_id)
    assert tracking.publish(settings.load()).added == 1
    assert len(found(client, "binary", "tags.kind = 'seed'")) == 3


def test_an_interrupted_publication_goes_on_where_it_was(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.delete_run(one(client, "sales-lstm").info.run_id)
    write_seed, written = runs._write_seed, []

    def interrupted(*arguments: object) -> None:
        written.append(arguments)
        if len(written) == 2:
            raise KeyboardInterrupt
        write_seed(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(runs, "_write_seed", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tracking.publish(settings.load())
    assert one(client, "sales-lstm").info.status == "RUNNING"
    assert tracking.publish(settings.load()).added == 1
    assert one(client, "sales-lstm").info.status == "FINISHED"


def test_what_was_abandoned_long_ago_is_removed(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = client.get_experiment_by_name("sales")
    assert experiment is not None
    tags = {"digest": "of results that have changed since", "kind": "model"}
    abandoned = client.create_run(experiment.experiment_id, start_time=1, tags=tags).info.run_id
    mine = client.create_run(experiment.experiment_id, start_time=1, tags={}).info.run_id
    assert tracking.publish(settings.load()).added == 0
    assert client.get_run(abandoned).info.lifecycle_stage == "deleted"
    assert client.get_run(mine).info.lifecycle_stage == "active"
    client.delete_run(mine)


def test_a_changed_model_is_published_and_its_neighbours_are_not(
    client: MlflowClient, published: tracking.Tally
) -> None:
    (paths.model("names", "names-lstm") / "seed-1.safetensors").write_bytes(b"other weights")
    again = tracking.publish(settings.load())
    assert again.added == 1
    changed = {name for name, digest in again.digests["names"].items() if digest != published.digests["names"][name]}
    assert changed == {"names-lstm"}
    assert len(found(client, "names", "tags.model = 'names-lstm' and tags.kind = 'model'")) == 2


def test_an_experiment_in_the_bin_is_taken_out(client: MlflowClient) -> None:
    experiment = client.get_experiment_by_name("lyrics")
    assert experiment is not None
    client.delete_experiment(experiment.experiment_id)
    tracking.publish(settings.load())
    assert client.get_experiment(experiment.experiment_id).lifecycle_stage == "active"
    assert one(client, "lyrics-lstm").info.status == "FINISHED"


def test_runs_of_an_experiment_of_dvc_are_marked(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "tried-poem")
    (paths.model("sales", "sales-lstm") / "seed-1.safetensors").write_bytes(b"other weights")
    tracking.publish(settings.load())
    (run,) = found(client, "sales", "tags.dvc_exp_name = 'tried-poem'")
    assert run.data.tags["model"] == "sales-lstm"


def test_the_digest_covers_what_a_model_shows(project: Path) -> None:
    def digests() -> dict[str, str]:
        return {each.name: each.digest for each in content.collect("words", settings.load())}

    before = digests()
    table = paths.results("words") / "tables" / "words.csv"
    table.write_text(table.read_text().replace("toxy", "tory"))
    changed = {name for name, digest in digests().items() if digest != before[name]}
    assert changed == {"words-lstm"}
    results_tree.edit_json(paths.prepared("words") / "card.json", "digest", "ef" * 32)
    assert all(digest != before[name] for name, digest in digests().items())


def test_a_comparison_with_another_model_is_in_no_digest_of_its_neighbours(project: Path) -> None:
    def digests() -> dict[str, str]:
        return {each.name: each.digest for each in content.collect("names", settings.load())}

    before = digests()
    table = paths.results("names") / "tables" / "comparisons.csv"
    more = ("names-lstm,names-new,accuracy,0.1,0.1,0.2,0.001,yes", "names-new,baseline,accuracy,0.1,0.1,0.2,0.001,yes")
    table.write_text("\n".join([table.read_text().replace(",0.3,no", ",0.6,no").rstrip("\n"), *more, ""]))
    assert digests() == before
    table.write_text(table.read_text().replace("0.29,0.28,0.31", "0.28,0.27,0.3"))
    assert {name for name, digest in digests().items() if digest != before[name]} == {"names-lstm"}


def test_missing_results_name_the_cure(project: Path) -> None:
    (paths.results("lyrics") / "metrics.json").unlink()
    with pytest.raises(UserError, match="run `dvc repro`"):
        tracking.publish(settings.load())


def test_batches_hold_no_more_than_mlflow_takes() -> None:
    settings_of_a_model = 100  # MLflow's limit of parameters a call
    assert runs.BATCH + settings_of_a_model <= 1000
    assert publishing.ABANDONED_SECONDS >= 600
