import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline import paths
from stages.report import main
from tests.support.project import ALL_MODELS, DATASETS, params_text


@pytest.fixture
def project(evaluated_project: Path, here: Path) -> Path:
    return shutil.copytree(evaluated_project, here, dirs_exist_ok=True)


def written(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_both_pages_and_the_model_cards_are_written_and_nothing_else(project: Path) -> None:
    result = CliRunner().invoke(main)
    counts = f"{len(DATASETS)} data sets, {len(ALL_MODELS)} models"
    assert (result.exit_code, result.output) == (0, f"{counts}: open reports/index.html in a browser\n")
    assert written(paths.REPORTS) == {"index.html", "index.md", "models"}
    assert written(paths.MODEL_CARDS) == {f"{model}.md" for model in ALL_MODELS}


def test_the_model_card_of_a_removed_model_is_deleted(project: Path) -> None:
    paths.MODEL_CARDS.mkdir(parents=True)
    paths.model_card("names-old").touch()
    assert CliRunner().invoke(main).exit_code == 0
    assert written(paths.MODEL_CARDS) == {f"{model}.md" for model in ALL_MODELS}


def test_the_results_of_a_removed_data_set_are_refused(project: Path) -> None:
    Path("params.yaml").write_text(params_text(["words"]))
    result = CliRunner().invoke(main)
    assert result.exit_code == 1
    assert "results (binary, " in result.output
    assert "python -m stages.clean" in result.output


def test_without_results_the_error_names_the_cure_and_the_pages_stay(project: Path) -> None:
    paths.REPORTS.mkdir()
    (paths.REPORTS / "index.html").write_text("earlier")
    (paths.results("lyrics") / "metrics.json").unlink()
    result = CliRunner().invoke(main)
    assert result.exit_code == 1
    assert result.output == "Error: results/lyrics/metrics.json: no such file; run `dvc repro`, which makes it\n"
    assert (paths.REPORTS / "index.html").read_text() == "earlier"
