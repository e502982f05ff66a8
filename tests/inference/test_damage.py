"""Folders of prepared data and of a model after an accident: the manifest finds it, for every command."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import pipeline
from stages import evaluate, generate, predict, train
from tests.support.damage import DATA, DELETED, MODEL, check_line, check_refused, rewrite, set_value

pytestmark = pytest.mark.usefixtures("damageable")


@pytest.mark.parametrize("name", [f"{DATA}/train/symbols.npy", f"{DATA}/vocabulary.json", f"{MODEL}/history.csv"])
def test_a_changed_missing_or_added_file_is_named(name):
    path, content = Path(name), Path(name).read_bytes()
    for changed in (content[:-1] + b"!", content[:9], b""):
        path.write_bytes(changed)
        assert "damaged, by its digest in manifest.json" in check_refused(name)
    path.unlink()
    assert "no such file" in check_refused(name)
    path.write_bytes(content)
    added = path.with_name(".x")
    added.write_bytes(b"")
    assert "not listed in manifest.json" in check_refused(added)
    added.unlink()
    link = path.rename("elsewhere")
    path.symlink_to(link.absolute())  # as DVC's cache does it
    pipeline.load("words-lstm")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (f"{DATA}/vocabulary.json", set_value("symbols", list("edcba"))),
        (f"{MODEL}/model.json", set_value("seeds:2", DELETED)),
    ],
)
@pytest.mark.parametrize(
    ("command", "arguments"),
    [(evaluate, ["words"]), (predict, ["words-lstm", "ab"]), (generate, ["words-lstm", "--prefix", "a"])],
)
def test_every_command_checks_what_it_reads(name, change, command, arguments):
    Path(name).write_bytes(change(Path(name).read_bytes()))
    done = CliRunner().invoke(command.main, arguments)
    assert done.exit_code == 1
    check_line(done.output.strip().removeprefix("Error: "), f"{name}: damaged, by its digest in manifest.json")
    assert not list(Path("results").rglob("*.*")) if Path("results").exists() else True


def test_training_and_evaluation_check_what_they_read():
    Path(DATA, "train/symbols.npy").write_bytes(b"")
    done = CliRunner().invoke(train.main, ["words-lstm"])
    check_line(done.output.strip().removeprefix("Error: "), f"{DATA}/train/symbols.npy: damaged")
    Path(DATA, "data_card.json").unlink()
    done = CliRunner().invoke(evaluate.main, ["words"])
    check_line(done.output.strip().removeprefix("Error: "), f"{DATA}/data_card.json: no such file")


def test_a_model_of_other_data_is_not_evaluated():
    rewrite(f"{MODEL}/model.json", set_value("prepared_digest", "0" * 64))
    done = CliRunner().invoke(evaluate.main, ["words"])
    check_line(done.output.strip().removeprefix("Error: "), f"{MODEL}: trained on other data than {DATA}")
