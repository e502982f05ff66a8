import json
import shutil
from pathlib import Path

import pytest

from pipeline import paths, report, settings
from pipeline.errors import UserError
from pipeline.report import View
from pipeline.report.parts import Part


def rows(view: View, dataset: str) -> list[dict[str, str]]:
    return [dict(zip(view.summary.columns, row, strict=True)) for row in view.summary.rows if row[0] == dataset]


def part(view: View, dataset: str, heading: str) -> Part:
    (section,) = (section for section in view.sections if section.name == dataset)
    (found,) = (each for each in section.parts if each.heading == heading)
    return found


def test_data_sets_stand_in_the_order_of_params(view: View) -> None:
    assert [section.name for section in view.sections] == ["words", "binary", "sales", "names", "lyrics"]


def test_the_summary_has_a_row_for_the_test_rows_and_one_for_the_fit(view: View) -> None:
    test, fit = rows(view, "words")
    assert (test["measure"], fit["measure"]) == ("letter accuracy", "loss (nats)")
    assert (test["judged on"], fit["judged on"]) == ("90 held-out characters", "all 1,890 characters, learnt by heart")
    assert (test["limit"], fit["limit"]) == ("0.25", "0.25")
    assert test["published"] == "–"
    assert fit["published"] == "0.2642 (mean loss, epoch 1400); on the 50 training words"


def test_what_was_published_without_a_split_of_ours_stands_with_the_test_rows(view: View) -> None:
    (lyrics,) = rows(view, "lyrics")
    assert lyrics["published"].startswith("1.0175 (epoch 160); on the training text")


def test_the_best_model_is_the_best_by_mean(view: View, inside: Path) -> None:
    metrics = json.loads((paths.results("names") / "metrics.json").read_text())
    means = {model: metrics[model]["test"]["accuracy"]["mean"] for model in ("names-lstm", "names-rnn")}
    (names,) = rows(view, "names")
    assert names["best model"] == max(means, key=means.__getitem__)
    (sales,) = rows(view, "sales")
    assert sales["best model"] == "sales-lstm"


def test_seeds_that_diverged_are_named(view: View) -> None:
    points = part(view, "names", "Results").points
    assert "names-rnn, seed 2: diverged at epoch 3; the figures are those of the fits that finished." in points
    points = part(view, "sales", "Results").points
    assert sum(point.endswith("diverged at epoch 2; no seed finished.") for point in points) == 3


def test_a_model_whose_every_seed_diverged_stands_in_the_table_without_figures(view: View) -> None:
    table = part(view, "sales", "Results").tables[0]
    (row,) = (row for row in table.rows if row[0] == "sales-rnn")
    assert set(row[1:-2]) == {"–"}  # after the metrics: parameters, published


def test_wrong_letters_of_a_word_are_marked(view: View) -> None:
    table = part(view, "words", "Word by word").tables[0]
    assert table.rows == (("beach", "beach", "75 %"), ("story", "sto[x]y", "75 %"))


def test_the_worst_confusions_are_shares_of_the_true_class(view: View) -> None:
    points = part(view, "names", "What names-lstm mixes up").points
    assert points[0] == "9 % of Czech taken for Polish"  # 4 of 40 + 3 + 4


def test_faults_of_data_and_write_up_are_told(view: View) -> None:
    assert any("left out" in cell for table in part(view, "names", "Data").tables for row in table.rows for cell in row)
    assert len(part(view, "names", "Beside the write-up").tables[0].rows) == 2
    with pytest.raises(ValueError, match="expected 1, got 0"):
        part(view, "binary", "Beside the write-up")


def test_missing_results_name_the_cure(inside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(inside, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    metrics = paths.results("names") / "metrics.json"
    metrics.write_text('{"names-lstm": {}}')
    with pytest.raises(UserError, match="nothing of model names-rnn; run `dvc repro`"):
        report.build(settings.load())
    metrics.unlink()
    with pytest.raises(UserError, match=r"results/names/metrics\.json: no such file; run `dvc repro`"):
        report.build(settings.load())
