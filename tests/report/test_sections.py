import json
import shutil
from pathlib import Path

import pytest

from pipeline import paths, report
from pipeline.errors import DataError
from pipeline.params import load_params
from pipeline.report import View
from pipeline.report.parts import Part
from tests.support.results_tree import LEAKING


def rows(view: View, dataset: str) -> list[dict[str, str]]:
    return [dict(zip(view.summary.columns, row, strict=True)) for row in view.summary.rows if row[0] == dataset]


def part(view: View, dataset: str, heading: str) -> Part:
    (section,) = (section for section in view.sections if section.name == dataset)
    (found,) = (each for each in section.parts if each.heading == heading)
    return found


def test_data_sets_are_in_the_order_of_params(view: View) -> None:
    assert [section.name for section in view.sections] == ["words", "binary", "sales", "names", "lyrics"]


def test_the_summary_has_a_row_for_the_test_rows_and_one_for_all_rows(view: View) -> None:
    test, all_rows = rows(view, "words")
    assert (test["metric"], all_rows["metric"]) == ("letter accuracy ↑", "loss (nats) ↓")
    assert test["evaluated on"] == "90 held-out characters"
    assert all_rows["evaluated on"] == "all 1,890 characters (memorisation)"
    assert (test["bound"], all_rows["bound"]) == ("0.25", "0.25")
    assert test["published"] == "–"
    assert all_rows["published"] == "0.2642 (mean loss, epoch 1400); on the 50 training words"


def test_published_figures_of_another_split_are_with_the_test_rows(view: View) -> None:
    (lyrics,) = rows(view, "lyrics")
    assert lyrics["published"].startswith("1.0175 (epoch 160); on the training text")


def test_the_best_model_is_chosen_on_validation_rows_and_has_its_test_result(view: View, inside: Path) -> None:
    metrics = json.loads((paths.results("names") / "metrics.json").read_text())
    by_split = {
        split: {model: metrics[model][split]["accuracy"]["mean"] for model in ("names-lstm", "names-rnn")}
        for split in ("validation", "test")
    }
    (names,) = rows(view, "names")
    best = max(by_split["validation"], key=by_split["validation"].__getitem__)
    assert names["best model"] == best != max(by_split["test"], key=by_split["test"].__getitem__)
    assert names["result"].startswith(f"{by_split['test'][best]:.3f} (")
    table = part(view, "names", "Results").tables[0]
    assert table.rows[0][0] == best
    assert table.columns[1] == "validation: accuracy ↑"
    assert "chosen on validation rows and evaluated on test rows" in view.opening
    (sales,) = rows(view, "sales")
    assert sales["best model"] == "sales-lstm"


def test_the_parts_of_a_data_set_are_in_order(view: View) -> None:
    assert view.summary.columns[-1] == "parameters"
    headings = [each.heading for section in view.sections if section.name == "names" for each in section.parts]
    assert headings == [
        "Which model to use",
        "Results",
        "Significance of differences",
        "Comparison with published results",
        "Loss by epoch",
        "Confusions",
        "Results by seed, and what the metrics mean",
        "Data",
    ]


def test_the_recommendation_has_intervals_and_says_where_no_network_is_needed(view: View) -> None:
    points = part(view, "names", "Which model to use").points
    assert points[0].startswith("On 90 held-out names: names-")
    assert points[1] == "names-rnn is significantly worse than names-lstm (by 2.1 to 3.4 points of accuracy)."
    assert points[2] == "names-rnn does not differ significantly in accuracy from the baseline."
    (sentence, *_) = (each for each in part(view, "lyrics", "Which model to use").points if "better" in each)
    assert sentence == (
        "The baseline, n-grams with modified Kneser-Ney smoothing (perplexity 0.250), "
        "has a better mean than the network here."
    )


def test_the_overview_groups_data_sets_by_how_networks_compare_with_the_baseline(view: View) -> None:
    assert view.overview.points == (
        "The best network does not differ significantly (Holm, alpha = 0.05) from the baseline on names.",
        "No network could be compared with the baseline on words, sales and lyrics.",
        "No rows of binary are held out: it shows memorisation, not performance on new rows.",
    )


def test_a_model_that_leaks_its_target_is_excluded_from_rankings(view: View) -> None:
    (section,) = (section for section in view.sections if section.name == "lyrics")
    for each in section.parts:
        names = {str(text) for table in each.tables for row in table.rows for text in row}
        if each.heading in ("Results", "Results by seed, and what the metrics mean"):
            assert LEAKING not in names
    apart = part(view, "lyrics", "Excluded from comparison")
    assert f"{LEAKING} leaks its target: it reads its text in both directions" in apart.sentences[0]
    assert "it cannot be used as a language model" in apart.sentences[0]
    assert apart.tables[0].columns == ("model", "training perplexity", "parameters")
    texts = part(view, "lyrics", "Generated text").tables[0].rows
    assert f"{LEAKING} (leaks its target)" in {row[0] for row in texts}
    claims, issues = part(view, "lyrics", "Comparison with published results").tables
    (claim,) = (row for row in claims.rows if row[0] == LEAKING)
    assert claim[4] == "none, as it leaks its target"
    assert issues.rows[-1][2].startswith(f"{LEAKING}: training perplexity ")


def test_each_known_issue_of_a_write_up_has_the_results_that_it_changes(view: View) -> None:
    _, issues = part(view, "words", "Comparison with published results").tables
    dropout, training_only = issues.rows
    assert "dropout still switched on" in dropout[0]
    assert dropout[1].endswith("With these params there is no dropout, so no result changes.")
    assert dropout[2] == "–"
    assert training_only[2].startswith("letter accuracy on 90 held-out characters: words-lstm 0.")


def test_seeds_that_diverged_are_named(view: View) -> None:
    points = part(view, "names", "Results").points
    assert "names-rnn, seed 2: diverged at epoch 3; the figures are those of the fits that finished." in points
    points = part(view, "sales", "Results").points
    assert sum(point.endswith("diverged at epoch 2; no seed finished.") for point in points) == 3


def test_a_model_whose_every_seed_diverged_is_in_the_table_without_results(view: View) -> None:
    table = part(view, "sales", "Results").tables[0]
    (row,) = (row for row in table.rows if row[0] == "sales-rnn")
    assert set(row[1:-1]) == {"–"}  # after the metrics: parameters


def test_wrong_letters_of_a_word_are_marked(view: View) -> None:
    table = part(view, "words", "Word by word").tables[0]
    assert table.rows == (("beach", "beach", "75 %"), ("story", "sto[x]y", "75 %"))


def test_the_worst_confusions_are_shares_of_the_true_class(view: View) -> None:
    points = part(view, "names", "Confusions").points
    (lstm,) = (point for point in points if point.startswith("names-lstm: "))
    assert lstm.startswith("names-lstm: 9 % of Czech classified as Polish; ")  # 4 of 40 + 3 + 4


def test_issues_of_data_and_write_up_are_named(view: View) -> None:
    assert any("left out" in text for table in part(view, "names", "Data").tables for row in table.rows for text in row)
    assert len(part(view, "names", "Comparison with published results").tables[1].rows) == 2


def test_the_error_of_missing_results_names_the_cure(
    inside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(inside, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    metrics = paths.results("names") / "metrics.json"
    metrics.write_text('{"names-lstm": {}}')
    with pytest.raises(DataError, match="no results of model names-rnn; run `dvc repro`"):
        report.build(load_params())
    metrics.unlink()
    with pytest.raises(DataError, match=r"results/names/metrics\.json: no such file; run `dvc repro`"):
        report.build(load_params())
