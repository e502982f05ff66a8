from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline import paths
from stages.report import main
from tests.support import results_tree


def test_both_pages_are_written_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results_tree.build(tmp_path)
    result = CliRunner().invoke(main)
    assert (result.exit_code, result.output) == (0, "5 data sets, 8 models: open reports/index.html in a browser\n")
    assert sorted(path.name for path in paths.REPORTS.iterdir()) == ["index.html", "index.md", "models"]


def test_every_model_has_a_model_card_and_those_of_removed_models_are_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    known = results_tree.build(tmp_path)
    assert CliRunner().invoke(main).exit_code == 0
    assert {path.stem for path in paths.MODEL_CARDS.iterdir()} == set(known.models)
    params = tmp_path / "params.yaml"
    params.write_text(params.read_text().replace("  names-rnn: {dataset: names, cell: rnn, input: one-hot}\n", ""))
    assert CliRunner().invoke(main).exit_code == 0
    assert {path.stem for path in paths.MODEL_CARDS.iterdir()} == set(known.models) - {"names-rnn"}


def test_without_results_the_error_names_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results_tree.build(tmp_path)
    assert CliRunner().invoke(main).exit_code == 0
    before = (paths.REPORTS / "index.html").read_bytes()
    (paths.results("lyrics") / "metrics.json").unlink()
    result = CliRunner().invoke(main)
    assert result.exit_code == 1
    assert result.output == "Error: results/lyrics/metrics.json: no such file; run `dvc repro`, which makes it\n"
    assert (paths.REPORTS / "index.html").read_bytes() == before
