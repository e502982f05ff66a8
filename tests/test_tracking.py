"""One store for all tests here, as making one takes seconds; the tests run in the order in which they stand."""

import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline import artifacts, paths, settings, timings, tracking
from pipeline.errors import UserError
from pipeline.tracking import content, publishing, runs, store
from tests import results_tree

pytestmark = pytest.mark.xdist_group("tracking")
RUNS = 8 + 5 + 1  # models, baselines, a limit


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("a project with spaces")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("DVC_ROOT", raising=False)
        results_tree.build(root)
        timings.write("words", "words-lstm", paths.model("words", "words-lstm"), {1: 1.5, 2: 2.0, 3: 4.0})
        timings.write("names", "names-rnn", paths.model("names", "names-lstm"), {1: 9.0})
        yield root


@pytest.fixture(scope="module")
def published(project: Path) -> tracking.Tally:
    return tracking.publish(settings.load())


@pytest.fixture
def client(published: tracking.Tally) -> MlflowClient:
    return MlflowClient(tracking_uri=store.uri())


def found(client: MlflowClient, dataset: str, wanted: str = "") -> list[Run]:
    experiment = client.get_experiment_by_name(dataset)
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], wanted))


def one(client: MlflowClient, model: str) -> Run:
    dataset = model.split("-")[0]
    (run,) = found(client, dataset, f"tags.model = '{model}' and tags.kind = 'model'")
    return run


def every_run(client: MlflowClient) -> dict[str, tuple[str, int]]:
    every = [run for dataset in settings.load().datasets for run in found(client, dataset)]
    return {run.info.run_id: (run.info.status, run.info.end_time) for run in every}


def test_every_model_baseline_and_limit_has_a_run(published: tracking.Tally, client: MlflowClient) -> None:
    assert (published.added, published.found) == (RUNS, 0)
    kinds = [run.data.tags["kind"] for run in found(client, "words")]
    assert sorted(kinds) == ["baseline", "limit", "model", "seed", "seed", "seed"]
    names = [run.info.run_name for dataset in settings.load().datasets for run in found(client, dataset)]
    assert len(names) == len(set(names))


def test_a_run_shows_settings_metrics_and_the_prepared_data(client: MlflowClient) -> None:
    run = one(client, "names-lstm")
    assert run.data.params["schedule.kind"] == "one-cycle"
    assert run.data.params["parameters"] == "12345"
    metrics = artifacts.read_json(paths.results("names") / "metrics.json")["names-lstm"]["test"]["accuracy"]
    assert run.data.metrics["test.accuracy"] == metrics["mean"]
    assert run.data.metrics["test.accuracy.low"] == metrics["low"]
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("names", "cd" * 6)
    assert run.info.status == "FINISHED"


def test_a_model_that_reads_its_target_is_marked(client: MlflowClient) -> None:
    tags = {model: one(client, model).data.tags for model in ("lyrics-lstm", "lyrics-bidirectional")}
    assert {model: "reads_its_target" in of for model, of in tags.items()} == {
        "lyrics-lstm": False,
        "lyrics-bidirectional": True,
    }


def test_the_time_of_training_is_shown_of_the_model_and_of_each_seed(client: MlflowClient) -> None:
    run = one(client, "words-lstm")
    assert run.data.metrics["training_seconds"] == 7.5
    seeds = found(client, "words", f"tags.mlflow.parentRunId = '{run.info.run_id}'")
    assert {each.data.tags["seed"]: each.data.metrics["training_seconds"] for each in seeds} == {
        "1": 1.5,
        "2": 2.0,
        "3": 4.0,
    }


def test_a_model_gets_no_time_of_another_training(client: MlflowClient) -> None:
    folder = paths.model("names", "names-rnn")
    assert "training_seconds" not in one(client, "names-rnn").data.metrics  # other weights were timed
    assert "training_seconds" not in one(client, "names-lstm").data.metrics  # none were
    assert timings.read("names", "names-rnn", timings.digest(folder)) == {}


def test_the_time_of_training_is_in_no_digest(published: tracking.Tally) -> None:
    timings.write("words", "words-lstm", paths.model("words", "words-lstm"), {1: 100.0, 2: 100.0, 3: 100.0})
    (model, *_) = content.collect("words", settings.load())
    assert model.metrics["training_seconds"] == 300.0
    assert model.digest == published.digests["words"]["words-lstm"]


def test_curves_are_means_over_seeds(client: MlflowClient) -> None:
    run = one(client, "names-lstm")
    points = client.get_metric_history(run.info.run_id, "held-out/train_loss")
    assert [point.step for point in points] == [1, 2, 3, 4, 5]
    rows = artifacts.read_csv(paths.model("names", "names-lstm") / "history.csv")
    first = [float(row["train_loss"]) for row in rows if row["epoch"] == "1"]
    assert points[0].value == pytest.approx(sum(first) / 3)


def test_files_can_be_opened_from_a_run(client: MlflowClient) -> None:
    run = one(client, "names-lstm").info.run_id
    kept = {file.path for folder in client.list_artifacts(run) for file in client.list_artifacts(run, folder.path)}
    assert {"model/model.json", "model/history.csv", "weights/seed-1.safetensors", "data/card.json"} <= kept
    assert {"figures/curves.png", "figures/confusion-names-lstm.png", "tables/confusion.csv"} <= kept
    assert "figures/confusion-names-rnn.png" not in kept
    assert (store.artifact_folder() / "names" / run / "artifacts" / "figures" / "curves.png").exists()


def test_each_seed_has_a_run_below_its_models(client: MlflowClient) -> None:
    parent = one(client, "names-rnn")
    seeds = found(client, "names", f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    told = {run.data.tags["seed"]: (run.info.status, run.data.tags["status"]) for run in seeds}
    assert told == {
        "1": ("FINISHED", "finished"),
        "2": ("FAILED", "diverged at epoch 3"),
        "3": ("FINISHED", "finished"),
    }
    (third,) = (run for run in seeds if run.data.tags["seed"] == "3")
    values = artifacts.read_csv(paths.results("names") / "seeds.csv")
    (value,) = (
        row["value"]
        for row in values
        if (row["model"], row["split"], row["metric"], row["seed"]) == ("names-rnn", "test", "accuracy", "3")
    )
    assert third.data.metrics["test.accuracy"] == float(value)


def test_runs_can_be_read_as_the_docs_say(client: MlflowClient, capsys: pytest.CaptureFixture[str]) -> None:
    page = (results_tree.REPOSITORY / "docs" / "tracking.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    exec(code, {})  # noqa: S102 (our own lines)
    told = [line.rpartition("-") for line in capsys.readouterr().out.splitlines()]
    assert sorted(name for name, _, _ in told) == ["names-lstm", "names-rnn"]
    assert float(told[0][2].split()[1]) > float(told[1][2].split()[1])


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


def test_experiments_of_dvc_publish_to_the_real_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert store.uri() == f"sqlite:///{tmp_path}/mlflow.db"
    assert store.artifact_folder() == tmp_path / "mlartifacts"


def test_passwords_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@tracking.example:8080/path")
    assert store.shown() == "https://tracking.example:8080/path"


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.getsockname()[1]}")
        for name, value in store.ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
        started = time.monotonic()
        with pytest.raises(UserError, match="does not answer in time"), store.opened() as client:
            client.search_experiments()
        assert time.monotonic() - started < 8
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"


def test_batches_hold_no_more_than_mlflow_takes() -> None:
    settings_of_a_model = 100  # MLflow's limit of parameters a call
    assert runs.BATCH + settings_of_a_model <= 1000
    assert publishing.ABANDONED_SECONDS >= 600
