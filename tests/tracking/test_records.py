"""What runs show."""

import re
from pathlib import Path

import pytest

from pipeline import files, paths
from pipeline.params import load_params
from pipeline.tracking import records, store
from pipeline.tracking.metric_names import name_value
from pipeline.training import timings
from tests.support.project import LEAKING, REPOSITORY, UNSTABLE
from tests.tracking.conftest import RUNS, TIMES, artifacts, find_model_run, find_runs, find_seed_runs

pytestmark = pytest.mark.xdist_group("tracking")


def test_every_model_baseline_and_bound_has_a_run(published, client):
    assert (published.added, published.existing) == (sum(RUNS.values()), 0)
    kinds = [run.data.tags["kind"] for run in find_runs(client, "words")]
    assert sorted(kinds) == ["baseline", "bound", "comparison", "model", "seed", "seed"]
    names = [run.info.run_name for dataset in RUNS for run in find_runs(client, dataset)]
    assert len(names) == len(set(names))


def test_a_run_shows_params_metrics_and_the_prepared_data(client):
    run, description = find_model_run(client, "names-lstm"), files.read_json(Path("models/names/names-lstm/model.json"))
    wanted = {"schedule.kind": "constant", "hidden_size": "8", "reproducibility": "portable"}
    assert run.data.params.items() >= (wanted | {"parameters": str(description["parameters"])}).items()
    metrics = files.read_json(paths.results("names") / "metrics.json")["names-lstm"]["test"]["loss"]
    assert set(metrics) == {"value", "low", "high", "seeds"}
    names = {"other/test.loss": metrics["value"], "interval/loss.low": metrics["low"]}
    assert run.data.metrics.items() >= (names | {"seeds/test.loss.std": metrics["seeds"]["std"]}).items()
    assert {name for name in run.data.metrics if "/" not in name} == {"test.accuracy"}
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("names", description["prepared_digest"][:12])
    assert run.info.status == "FINISHED"


def test_a_model_that_leaks_its_target_is_marked(client):
    (run,) = find_runs(client, "text", "tags.leaks_target = 'yes'")
    assert run.data.tags["model"] == LEAKING
    assert "test.perplexity" not in run.data.metrics  # so it does not sort before the others
    assert "test.perplexity" in find_model_run(client, "text-lstm").data.metrics


def test_a_model_and_each_seed_show_their_training_time(client):
    assert find_model_run(client, "words-lstm").data.metrics["training_seconds"] == 3.5
    seeds = find_seed_runs(client, "words-lstm").items()
    assert {seed: run.data.metrics["training_seconds"] for seed, run in seeds} == {"1": 1.5, "2": 2.0}
    assert find_model_run(client, "words-lstm").data.metrics["seconds/per_epoch"] == 3.5 / 8  # 2 seeds, fits, epochs
    for model in ("names-rnn", "names-lstm"):  # of the one other weights were timed, of the other none
        assert "training_seconds" not in find_model_run(client, model).data.metrics


def test_a_run_began_and_ended_when_its_training_did(client):
    run = find_model_run(client, "words-lstm")
    assert (run.info.start_time, run.info.end_time) == (1_000_000, 1_003_000)
    assert run.data.tags["device"] == "cpu AVX2"
    second = find_seed_runs(client, "words-lstm")["2"]
    assert (second.info.start_time, second.info.end_time) == (1_000_500, 1_003_000)
    times = [point.timestamp for point in client.get_metric_history(run.info.run_id, "curves/train_loss")]
    assert times == [1_001_500, 1_003_000]  # evenly spread


def test_a_model_that_was_not_trained_here_claims_no_duration(client):
    run = find_model_run(client, "names-lstm")
    assert run.data.tags["restored"] == "yes"
    assert run.info.end_time is None
    assert "restored" not in find_model_run(client, "words-lstm").data.tags


def test_a_run_says_where_it_comes_from(client):
    tags = find_model_run(client, "names-lstm").data.tags
    assert (tags["mlflow.source.name"], tags["mlflow.source.type"]) == ("stages/train.py", "LOCAL")
    assert tags["dvc_stage"] == "train@names-lstm"
    assert {"mlflow.user", "version.torch", "version.python", "workspace", "key"} <= tags.keys()


def test_training_time_is_in_no_digest(published, copy):
    timings.write("names", "names-lstm", paths.model("names", "names-lstm"), TIMES)
    (model, *_) = records.read_records("names", load_params())
    assert model.metrics["training_seconds"] == 3.5
    assert model.digest == published.digests["names"]["names-lstm"]


def test_curves_are_means_over_seeds(client):
    run = find_model_run(client, "names-lstm")
    first, second = client.get_metric_history(run.info.run_id, "curves/train_loss")
    assert "training/learning_rate" in run.data.metrics
    assert (first.step, second.step) == (1, 2)
    rows = files.read_csv(paths.model("names", "names-lstm") / "history.csv")
    losses = [float(row["train_loss"]) for row in rows if row["epoch"] == "1"]
    assert first.value == pytest.approx(sum(losses) / 2)


def test_files_can_be_opened_from_a_run(client):
    run = find_model_run(client, "names-lstm").info.run_id
    kept = artifacts(client, run)
    assert {"model.json", "history.csv", "weights/seed-1.safetensors", "data/data_card.json"} <= kept
    assert [path for path in kept if path.startswith("figures")] == ["figures/confusion-names-lstm.png"]
    assert (store.artifact_folder() / "names" / run / "artifacts" / "history.csv").exists()


def test_the_run_of_each_seed_is_a_child_of_its_models_run(client):
    seeds = find_seed_runs(client, UNSTABLE)
    assert {seed: run.info.status for seed, run in seeds.items()} == dict.fromkeys("123", "FAILED")
    assert seeds["2"].data.tags["status"].startswith("did not learn: loss")
    assert seeds["1"].data.tags["status"].startswith("diverged at epoch 2")
    assert find_model_run(client, UNSTABLE).data.tags["status"] == "1 of 3 seeds diverged; 2 of 3 seeds did not learn"
    assert find_model_run(client, "names-rnn").data.tags["status"] == "finished"
    assert {run.info.status for run in find_seed_runs(client, "names-rnn").values()} == {"FINISHED"}
    headline = "test.mse"
    values = [row for row in files.read_csv(paths.results("sums") / "seeds.csv") if row["model"] == UNSTABLE]
    for seed, run in seeds.items():
        of_seed = [row for row in values if row["seed"] == seed]
        wanted = {name_value(row["split"], row["metric"], headline): float(row["value"]) for row in of_seed}
        assert run.data.metrics.items() >= wanted.items()


def test_runs_can_be_read_as_the_docs_say(client, capsys):
    page = (REPOSITORY / "docs" / "tracking.md").read_text(encoding="utf-8")
    code, *_ = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)  # the others need a registered model
    exec(code, {})  # noqa: S102 (the code is ours)
    printed = re.findall(r"(names-\w+) \w+ (\S+)\n", capsys.readouterr().out)
    assert {name for name, _ in printed} == {"names-lstm", "names-rnn"}
    accuracies = [float(accuracy) for _, accuracy in printed]
    assert accuracies == sorted(accuracies, reverse=True)
