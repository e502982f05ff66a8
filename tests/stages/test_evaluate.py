import json
import math
import shutil
import statistics
import subprocess

import pytest
from click.testing import CliRunner

from pipeline.files import read_csv
from stages.evaluate import main
from tests.stages.conftest import command
from tests.support.processes import without_waiting
from tests.support.project import RAW

pytestmark = pytest.mark.xdist_group("project")
WORDS = ["letter_accuracy", "final_letter_accuracy", "perplexity", "bits_per_symbol", "loss"]


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def evaluated(project, trained, run):
    """Fit the baselines of words and evaluate its models; return how the last command ended."""
    assert run("baseline", "words").returncode == 0
    return run("evaluate", "words", PIPELINE_WORKERS="1")


@pytest.fixture
def words(project, evaluated):
    return project / "results/words"


def test_a_line_is_printed_for_each_model_the_baseline_and_the_bound(evaluated):
    assert (evaluated.returncode, without_waiting(evaluated.stderr)) == (0, "")
    lost, lstm, baseline, bound = evaluated.stdout.splitlines()
    assert lost == "words-lost: every seed diverged"
    assert lstm.startswith("words-lstm: validation letter_accuracy 0.")
    assert baseline.startswith("baseline: validation letter_accuracy 0.")
    assert bound.startswith("bound: all_rows letter_accuracy 0.")


def test_the_metrics_are_numbers_by_model_split_and_metric(words):
    found = json.loads((words / "metrics.json").read_text())
    assert list(found) == ["words-lost", "words-lstm", "baseline", "bound"]
    assert found.pop("words-lost") == {}  # diverged
    assert list(found.pop("bound")) == ["all_rows"]
    for splits in found.values():
        assert list(splits) == ["validation", "test", "all_rows"]
        for metrics in splits.values():
            assert list(metrics) == WORDS
            for metric in metrics.values():
                assert set(metric) <= {"value", "low", "high", "seeds"}
                assert 0 <= metric.get("low", 0) <= metric["value"] <= metric.get("high", math.inf)
        assert {"low", "high"} <= set(splits["test"]["loss"])


def test_each_seed_stands_behind_the_figure_of_the_ensemble(words):
    of_test = json.loads((words / "metrics.json").read_text())["words-lstm"]["test"]["loss"]
    rows = read_csv(words / "seeds.csv")
    assert list(rows[0]) == ["model", "split", "metric", "seed", "value"]
    assert {row["model"] for row in rows} == {"words-lstm"}
    values = {row["seed"]: float(row["value"]) for row in rows if (row["split"], row["metric"]) == ("test", "loss")}
    assert set(values) == {"1", "2"}
    assert of_test["seeds"] == pytest.approx(
        {"mean": statistics.mean(values.values()), "std": statistics.stdev(values.values())}
    )
    assert of_test["value"] < of_test["seeds"]["mean"]  # the loss is convex


def test_the_curves_are_the_histories_of_all_models(words, project):
    rows = read_csv(words / "curves.csv")
    for model in ("words-lstm", "words-lost"):
        history = read_csv(project / f"models/words/{model}/history.csv")
        assert [{"model": model, **row} for row in history] == [row for row in rows if row["model"] == model]


def test_the_files_of_a_list_of_words_are_written(words):
    assert set(content(words)) == {
        "metrics.json",
        "about.json",
        "seeds.csv",
        "curves.csv",
        "tables/words.csv",
        "tables/samples.csv",
        "tables/comparisons.csv",
        "figures/curves.png",
    }
    rows = read_csv(words / "tables/words.csv")
    assert sorted(row["word"] for row in rows) == sorted(RAW["words.txt"].split())


def test_evaluating_again_writes_the_same_bytes(words, run):
    before = content(words)
    assert run("evaluate", "words", PIPELINE_WORKERS="2").returncode == 0
    assert content(words) == before


def test_native_kernels_are_printed_and_recorded(project, words, tmp_path):
    shutil.copytree(project, tmp_path, dirs_exist_ok=True)
    started = command(tmp_path, "evaluate", "words", PIPELINE_KERNELS="native")
    done = subprocess.run(**started, capture_output=True, check=True)
    line = "words: the same bytes only on the same model of processor (native kernels)"
    assert done.stdout.splitlines()[-1] == line
    assert json.loads((tmp_path / "results/words/about.json").read_text())["reproducibility"] == "native"


def refused(*arguments):
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1
    return done.output


def test_a_folder_of_a_model_that_params_do_not_name_is_refused(project, trained, monkeypatch, here):
    shutil.copytree(project, here, dirs_exist_ok=True)
    (here / "models/names/names-gru").mkdir(parents=True)
    line = refused("names")
    assert "models/names (names-gru): params.yaml" in line
    assert "python -m stages.clean" in line


def test_an_unknown_data_set_is_refused_with_a_list_of_the_known(project, monkeypatch):
    monkeypatch.chdir(project)
    assert refused("word") == "Error: datasets.word: no such block in params.yaml; known: words, names\n"


def test_a_data_set_that_is_not_prepared_is_named(project, here):
    (here / "params.yaml").write_bytes((project / "params.yaml").read_bytes())
    assert refused("words") == (
        "Error: data/prepared/words/manifest.json: no such file; run `dvc repro`, which makes it\n"
    )
