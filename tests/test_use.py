"""The project as its users use it: a real Git and DVC repository, real commands."""

import json
import re
import shutil
import sqlite3

import pytest

from tests.support.project import REPOSITORY as ROOT
from tests.support.repository import Repository, ran

pytestmark = pytest.mark.xdist_group("use")  # one repository, so one worker


def leaves(value: object) -> list[object]:
    return [leaf for part in value.values() for leaf in leaves(part)] if isinstance(value, dict) else [value]


def weights(repository):
    return {path.name: path.read_bytes() for path in (repository.folder / "models/words/words-lstm").iterdir()}


def records(repository):
    """Return the records of how long trainings took, and when they were written."""
    found = (repository.folder / ".timings").rglob("*.json")
    return {path: path.stat().st_mtime_ns for path in found}


def test_metrics_are_numbers(done):
    metrics = json.loads((done.folder / "results/words/metrics.json").read_text())
    assert list(metrics) == ["words-lstm", "baseline", "bound"]
    assert set(metrics["words-lstm"]) == {"all_rows", "validation", "test"}
    assert all(isinstance(leaf, float) for leaf in leaves(metrics))


def test_a_second_run_does_nothing(done):
    assert ran(done.run("dvc", "repro")) == []


def test_git_sees_results_and_nothing_else(done):
    tracked = done.run("git", "ls-files").split()
    assert {"dvc.lock", "results/words/metrics.json", "reports/index.html"} <= set(tracked)
    assert {path for path in tracked if path.startswith("reports/models")} == {
        "reports/models/words-lstm.md",
        "reports/models/overfit-lstm.md",
    }
    assert list((done.folder / ".timings/words/words-lstm").glob("*.json"))
    ignored = ("baselines", "models", "data/prepared", ".timings")
    assert not [path for path in tracked if path.startswith(ignored) or path.endswith(".db")]


def test_a_model_and_a_data_set_are_added_in_params_alone(copy):
    def add(params):
        params["datasets"]["greetings"] = {**params["datasets"]["words"], "raw": "data/raw/greetings.txt"}
        params["models"]["words-gru"] = {**params["models"]["words-lstm"], "cell": "gru"}
        params["models"]["greetings-rnn"] = {**params["models"]["words-lstm"], "dataset": "greetings", "cell": "rnn"}

    (copy.folder / "data/raw/greetings.txt").write_text(
        "hello\nhallo\nsalve\nsalut\nahoi\nhola\nolla\ngrias\nhej\nciao\n"
    )
    copy.change_params(add)
    trained = {"train@words-gru", "train@greetings-rnn"}
    evaluated = {"evaluate@words", "evaluate@greetings"}
    ran_stages = set(ran(copy.run("dvc", "repro")))
    added = {"prepare@greetings", "baseline@greetings"}  # the baselines of words stay as they are
    assert ran_stages == {"check", *added, *trained, *evaluated, "report", "publish"}
    report = (copy.folder / "reports/index.md").read_text()
    assert "words-gru" in report
    assert "greetings-rnn" in report
    assert "data/README.md does not say" in (copy.folder / "reports/models/greetings-rnn.md").read_text()


def test_a_data_set_may_be_left_without_a_model(copy):
    def remove_model(params):
        del params["models"]["overfit-lstm"]

    copy.change_params(remove_model)
    assert "models/overfit/overfit-lstm: deleted" in copy.run("python", "-m", "stages.clean")
    assert ran(copy.run("dvc", "repro")) == ["check", "evaluate@overfit", "report", "publish"]
    assert set(json.loads((copy.folder / "results/overfit/metrics.json").read_text())) == {
        "baseline",
        "baseline-mean",
        "bound",
    }
    assert "No model is trained on overfit." in (copy.folder / "reports/index.md").read_text()
    assert ran(copy.run("dvc", "repro")) == []


def remove_data_set(params):
    del params["datasets"]["overfit"]
    del params["models"]["overfit-lstm"]


def test_what_removed_blocks_have_left_stops_everything_until_it_is_cleaned(copy):
    copy.change_params(remove_data_set)
    output = copy.run("dvc", "repro", code=255)
    assert ran(output) == ["check"]
    (line,) = (line for line in output.splitlines() if line.startswith("Error: "))
    homes = ("data/prepared (overfit)", "baselines (overfit)", "models (overfit)", "results (overfit)")
    assert not [words for words in (*homes, "python -m stages.clean") if words not in line]
    assert "results/overfit: deleted" in copy.run("python", "-m", "stages.clean")
    assert ran(copy.run("dvc", "repro"))[-2:] == ["report", "publish"]
    assert not (copy.folder / "results/overfit").exists()


def test_a_fresh_clone_with_the_cache_publishes_and_trains_nothing(done, tmp_path):
    done.run("git", "clone", "--quiet", ".", str(tmp_path / "clone"))
    clone = Repository(tmp_path / "clone")
    clone.run("dvc", "cache", "dir", "--local", str(done.folder / ".dvc/cache"))
    assert set(ran(clone.run("dvc", "repro"))) == {"publish"}
    with sqlite3.connect(clone.folder / "mlflow.db") as store:
        names = {name for (name,) in store.execute("select name from experiments")}
        ((timed,),) = store.execute("select count(*) from metrics where key = 'training_seconds'")
    assert {"words", "overfit"} <= names
    assert timed == 0  # nothing was trained here
    with sqlite3.connect(done.folder / "mlflow.db") as store:
        ((timed,),) = store.execute("select count(*) from metrics where key = 'training_seconds'")
    assert timed == 2 * (1 + 2)  # models, each with two seeds


def test_a_deleted_model_card_is_written_again(copy):
    card = copy.folder / "reports/models/words-lstm.md"
    card.unlink()
    assert ran(copy.run("dvc", "repro", "report")) == ["report"]
    assert "# words-lstm" in card.read_text()
    assert copy.run("git", "status", "--porcelain") == ""


def test_a_copy_without_git_runs_after_make_setup_and_compares_again_once_it_is_in_git(copy):
    def make_setup():
        installed = copy.folder / ".venv/.installed"  # so that nothing is installed
        return copy.run("make", f"--assume-old={installed}", "setup")

    shutil.copyfile(ROOT / "Makefile", copy.folder / "Makefile")
    (copy.folder / ".git").rename(copy.folder.parent / "its repository")
    assert "not a git repository" in copy.run("dvc", "repro", code=255)
    make_setup()
    assert ran(copy.run("dvc", "repro")) == []
    (copy.folder.parent / "its repository").rename(copy.folder / ".git")
    make_setup()
    assert "Traceback" not in copy.run("dvc", "params", "diff")
    assert "no_scm" not in (copy.folder / ".dvc/config.local").read_text()


def readme_commands():
    """Return the README's commands, without those that set a machine up or run all tests."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [line for line in lines if not line.startswith("make ")]


@pytest.mark.services
def test_the_commands_of_the_readme_try_a_setting_and_going_back_trains_nothing(copy):
    first = weights(copy)
    commands = readme_commands()
    assert len(commands) >= 6
    printed = {command: copy.run(*command.split()) for command in commands}
    (experiment,) = (output for command, output in printed.items() if command.startswith("dvc exp run"))
    assert set(ran(experiment)) == {"check", "train@words-lstm", "evaluate@words", "report", "publish"}
    assert "models.words-lstm.hidden_size" in copy.run("dvc", "params", "diff")
    assert "words-lstm.test.letter_accuracy.value" in copy.run("dvc", "metrics", "diff", "--all")
    assert weights(copy) != first

    page = (copy.folder / "dvc_plots/index.html").read_text()
    assert "results/words/curves.csv" in page
    assert "figures" in page
    assert list((copy.folder / "dvc_plots/static").glob("*curves.png"))

    trained = records(copy)
    copy.run("git", "checkout", "--", "params.yaml")
    assert ran(copy.run("dvc", "repro", "evaluate@words")) == []
    assert weights(copy) == first
    assert records(copy) == trained  # every training writes one
    assert set(ran(copy.run("dvc", "repro"))) <= {"report", "publish"}
    assert copy.run("git", "status", "--porcelain") == ""
