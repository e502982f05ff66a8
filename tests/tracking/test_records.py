"""What runs show."""

import re

import pytest
from mlflow import MlflowClient

from pipeline import files, paths, tracking
from pipeline.params import load_params
from pipeline.tracking import records, store
from pipeline.training import timings
from tests.support import results_tree
from tests.tracking.conftest import RUNS, find_model_run, find_runs

pytestmark = pytest.mark.xdist_group("tracking")


def test_every_model_baseline_and_bound_has_a_run(published: tracking.PublishResult, client: MlflowClient) -> None:
    assert (published.added, published.existing) == (RUNS, 0)
    kinds = [run.data.tags["kind"] for run in find_runs(client, "words")]
    assert sorted(kinds) == ["baseline", "bound", "model", "seed", "seed", "seed"]
    names = [run.info.run_name for dataset in load_params().datasets for run in find_runs(client, dataset)]
    assert len(names) == len(set(names))


def test_a_run_shows_params_metrics_and_the_prepared_data(client: MlflowClient) -> None:
    run = find_model_run(client, "names-lstm")
    assert run.data.params["schedule.kind"] == "one-cycle"
    assert run.data.params["hidden_size"] == "8"
    assert run.data.params["parameters"] == "12345"
    assert run.data.params["reproducibility"] == "portable"
    metrics = files.read_json(paths.results("names") / "metrics.json")["names-lstm"]["test"]["accuracy"]
    assert run.data.metrics["test.accuracy"] == metrics["mean"]
    assert run.data.metrics["test.accuracy.low"] == metrics["low"]
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("names", "cd" * 6)
    assert run.info.status == "FINISHED"


def test_a_model_that_leaks_its_target_is_marked(client: MlflowClient) -> None:
    tags = {model: find_model_run(client, model).data.tags for model in ("lyrics-lstm", "lyrics-bidirectional")}
    assert {model: "leaks_target" in of for model, of in tags.items()} == {
        "lyrics-lstm": False,
        "lyrics-bidirectional": True,
    }


def test_a_model_and_each_seed_show_their_training_time(client: MlflowClient) -> None:
    run = find_model_run(client, "words-lstm")
    assert run.data.metrics["training_seconds"] == 7.5
    seeds = find_runs(client, "words", f"tags.mlflow.parentRunId = '{run.info.run_id}'")
    assert {each.data.tags["seed"]: each.data.metrics["training_seconds"] for each in seeds} == {
        "1": 1.5,
        "2": 2.0,
        "3": 4.0,
    }


def test_a_model_does_not_show_the_time_of_another_training(client: MlflowClient) -> None:
    folder = paths.model("names", "names-rnn")
    assert "training_seconds" not in find_model_run(client, "names-rnn").data.metrics  # other weights were timed
    assert "training_seconds" not in find_model_run(client, "names-lstm").data.metrics  # none were
    assert timings.read("names", "names-rnn", timings.digest(folder)) == {}


def test_training_time_is_in_no_digest(published: tracking.PublishResult) -> None:
    timings.write("words", "words-lstm", paths.model("words", "words-lstm"), {1: 100.0, 2: 100.0, 3: 100.0})
    (model, *_) = records.read_records("words", load_params())
    assert model.metrics["training_seconds"] == 300.0
    assert model.digest == published.digests["words"]["words-lstm"]


def test_curves_are_means_over_seeds(client: MlflowClient) -> None:
    run = find_model_run(client, "names-lstm")
    points = client.get_metric_history(run.info.run_id, "held-out/train_loss")
    assert "held-out/learning_rate" in run.data.metrics
    assert [point.step for point in points] == [1, 2, 3, 4, 5]
    rows = files.read_csv(paths.model("names", "names-lstm") / "history.csv")
    first = [float(row["train_loss"]) for row in rows if row["epoch"] == "1"]
    assert points[0].value == pytest.approx(sum(first) / 3)


def test_files_can_be_opened_from_a_run(client: MlflowClient) -> None:
    run = find_model_run(client, "names-lstm").info.run_id
    kept = {file.path for folder in client.list_artifacts(run) for file in client.list_artifacts(run, folder.path)}
    assert {"model/model.json", "model/history.csv", "weights/seed-1.safetensors", "data/data_card.json"} <= kept
    assert {"figures/curves.png", "figures/confusion-names-lstm.png", "tables/confusion.csv"} <= kept
    assert "figures/confusion-names-rnn.png" not in kept
    assert (store.artifact_folder() / "names" / run / "artifacts" / "figures" / "curves.png").exists()


def test_the_run_of_each_seed_is_a_child_of_its_models_run(client: MlflowClient) -> None:
    parent = find_model_run(client, "names-rnn")
    seeds = find_runs(client, "names", f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    assert {run.data.tags["seed"]: (run.info.status, run.data.tags["status"]) for run in seeds} == {
        "1": ("FINISHED", "finished"),
        "2": ("FAILED", "diverged at epoch 3"),
        "3": ("FINISHED", "finished"),
    }
    (third,) = (run for run in seeds if run.data.tags["seed"] == "3")
    values = files.read_csv(paths.results("names") / "seeds.csv")
    (value,) = (
        row["value"]
        for row in values
        if (row["model"], row["split"], row["metric"], row["seed"]) == ("names-rnn", "test", "accuracy", "3")
    )
    assert third.data.metrics["test.accuracy"] == float(value)


def test_runs_can_be_read_as_the_docs_say(client: MlflowClient, capsys: pytest.CaptureFixture[str]) -> None:
    page = (results_tree.REPOSITORY / "docs" / "tracking.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    exec(code, {})  # noqa: S102 (the code is ours)
    printed = [line.rpartition("-") for line in capsys.readouterr().out.splitlines()]
    assert sorted(name for name, _, _ in printed) == ["names-lstm", "names-rnn"]
    assert float(printed[0][2].split()[1]) > float(printed[1][2].split()[1])
