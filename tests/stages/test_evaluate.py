import json
import shutil
import subprocess

import pytest
from click.testing import CliRunner

from pipeline.artifacts import read_csv
from stages.evaluate import main
from tests.stages.conftest import command

pytestmark = pytest.mark.xdist_group("project")
WORDS = ["letter_accuracy", "final_letter_accuracy", "perplexity", "bits_per_symbol", "loss"]


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def evaluated(project, trained, run):
    """Judge the models of words; return how the command ended."""
    return run("evaluate", "words", PIPELINE_WORKERS="1")


@pytest.fixture
def words(project, evaluated):
    return project / "results/words"


def test_each_model_and_the_baseline_are_told(evaluated):
    assert (evaluated.returncode, evaluated.stderr) == (0, "")
    lost, lstm, baseline, limit = evaluated.stdout.splitlines()
    assert lost == "words-lost: every seed diverged"
    assert lstm.startswith("words-lstm: train letter_accuracy 0.")
    assert baseline.startswith("baseline: train letter_accuracy 0.")
    assert limit.startswith("limit: train letter_accuracy 0.")


def test_the_metrics_are_numbers_by_model_split_and_metric(words):
    found = json.loads((words / "metrics.json").read_text())
    assert list(found) == ["words-lost", "words-lstm", "baseline", "limit"]
    assert found.pop("words-lost") == {}  # diverged
    assert list(found.pop("limit")) == ["train"]
    for splits in found.values():
        assert list(splits) == ["train", "validation", "test"]
        for metrics in splits.values():
            assert list(metrics) == WORDS
            for metric in metrics.values():
                assert [name for name in metric if name != "together"] == ["mean", "low", "high"]
                assert 0 <= metric["low"] <= metric["mean"] <= metric["high"]


def test_the_metrics_are_those_of_the_seeds(words):
    found = json.loads((words / "metrics.json").read_text())
    rows = read_csv(words / "seeds.csv")
    assert list(rows[0]) == ["model", "split", "metric", "seed", "value"]
    for model, seeds in (("words-lstm", {"1", "2"}), ("baseline", {"0"})):
        values = {
            row["seed"]: float(row["value"])
            for row in rows
            if (row["model"], row["split"], row["metric"]) == (model, "test", "loss")
        }
        assert set(values) == seeds
        assert sum(values.values()) / len(values) == pytest.approx(found[model]["test"]["loss"]["mean"], rel=1e-12)


def test_the_curves_hold_all_histories(words, project):
    rows = read_csv(words / "curves.csv")
    for model in ("words-lstm", "words-lost"):
        history = read_csv(project / f"models/words/{model}/history.csv")
        assert [{"model": model, **row} for row in history] == [row for row in rows if row["model"] == model]


def test_what_suits_words_is_written(words):
    assert set(content(words)) == {
        "metrics.json",
        "seeds.csv",
        "curves.csv",
        "tables/together.csv",
        "tables/words.csv",
        "tables/samples.csv",
        "tables/comparisons.csv",
        "figures/curves.png",
    }
    rows = read_csv(words / "tables/words.csv")
    assert sorted(row["word"] for row in rows) == sorted(a + b + c for a in "abc" for b in "abc" for c in "abc")


def test_judging_again_writes_the_same_bytes(words, run):
    before = content(words)
    assert run("evaluate", "words", PIPELINE_WORKERS="2").returncode == 0
    assert content(words) == before


def test_native_numerics_are_told_and_noted(project, words, tmp_path):
    shutil.copytree(project, tmp_path, dirs_exist_ok=True)
    started = command(tmp_path, "evaluate", "words", PIPELINE_NUMERICS="native")
    done = subprocess.run(**started, capture_output=True, check=True)
    caveat = "native numerics: the same bytes only on the same model of processor"
    assert done.stdout.splitlines()[-1] == f"words: {caveat}"
    assert read_csv(tmp_path / "results/words/tables/numerics.csv") == [{"numerics": caveat}]


def refused(*arguments):
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1
    return done.output


def test_a_model_that_params_no_longer_name_is_refused(project, trained, monkeypatch, here):
    shutil.copytree(project, here, dirs_exist_ok=True)
    (here / "models/names/names-gru").mkdir(parents=True)
    assert refused("names") == (
        "Error: models/names/names-gru: params.yaml names no such model of data set names; "
        "delete that folder and run `dvc repro`\n"
    )


def test_an_unknown_data_set_lists_the_known(project, monkeypatch):
    monkeypatch.chdir(project)
    assert refused("word") == "Error: datasets.word: no such block in params.yaml; known: words, names\n"


def test_a_data_set_that_is_not_prepared_is_named(project, here):
    (here / "params.yaml").write_bytes((project / "params.yaml").read_bytes())
    assert refused("words") == ("Error: data/prepared/words/card.json: no such file; run `dvc repro`, which makes it\n")
