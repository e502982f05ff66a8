import json
import shutil
from pathlib import Path

import pytest

from pipeline import paths, report, settings
from pipeline.errors import UserError
from pipeline.report import View
from pipeline.report.parts import Part
from tests.results_tree import MEANINGLESS


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
    assert (test["measure"], fit["measure"]) == ("letter accuracy ↑", "loss (nats) ↓")
    assert (test["judged on"], fit["judged on"]) == ("90 held-out characters", "all 1,890 characters, learnt by heart")
    assert (test["limit"], fit["limit"]) == ("0.25", "0.25")
    assert test["published"] == "–"
    assert fit["published"] == "0.2642 (mean loss, epoch 1400); on the 50 training words"


def test_what_was_published_without_a_split_of_ours_stands_with_the_test_rows(view: View) -> None:
    (lyrics,) = rows(view, "lyrics")
    assert lyrics["published"].startswith("1.0175 (epoch 160); on the training text")


def test_the_best_model_is_chosen_on_validation_and_shown_by_its_test(view: View, inside: Path) -> None:
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
    assert "chosen on validation rows and judged on test rows" in view.opening
    (sales,) = rows(view, "sales")
    assert sales["best model"] == "sales-lstm"


def test_the_report_answers_in_the_order_in_which_a_reader_asks(view: View) -> None:
    assert view.summary.columns[-1] == "parameters"
    headings = [each.heading for section in view.sections if section.name == "names" for each in section.parts]
    assert headings == [
        "Which model to take",
        "Results",
        "Which differences hold",
        "Compared with what was published",
        "Loss by epoch",
        "What is mixed up",
        "Each seed, and what the measures mean",
        "Data",
    ]


def test_the_verdict_tells_margins_and_where_no_network_is_needed(view: View) -> None:
    points = part(view, "names", "Which model to take").points
    assert points[0].startswith("On 90 held-out names: names-")
    assert points[1] == "names-rnn is beaten by names-lstm by 2.1 to 3.4 points of accuracy."
    assert points[2] == "No difference of accuracy holds between names-rnn and the baseline."
    (words, *_) = (each for each in part(view, "lyrics", "Which model to take").points if "better" in each)
    assert words == (
        "The baseline, n-grams with modified Kneser-Ney smoothing (perplexity 0.250), "
        "has a better mean than the network here."
    )


def test_the_short_answers_tell_data_sets_apart_by_what_beats_what(view: View) -> None:
    assert view.short.points == (
        "No difference holds between the best network and the baseline on names.",
        "No network could be compared with the baseline on words, sales and lyrics.",
        "Nothing is held out of binary: it shows what a model can hold, not what it makes of new rows.",
    )


def test_a_model_that_reads_its_target_is_shown_apart_and_in_no_ranking(view: View) -> None:
    (section,) = (section for section in view.sections if section.name == "lyrics")
    for each in section.parts:
        names = {str(cell) for table in each.tables for row in table.rows for cell in row}
        if each.heading in ("Results", "Each seed, and what the measures mean"):
            assert MEANINGLESS not in names
    apart = part(view, "lyrics", "Not to be compared")
    assert f"{MEANINGLESS} reads its text in both directions" in apart.sentences[0]
    assert "it cannot be used as a language model" in apart.sentences[0]
    assert apart.tables[0].columns == ("model", "training perplexity", "parameters")
    texts = part(view, "lyrics", "Generated text").tables[0].rows
    assert f"{MEANINGLESS} (reads its target)" in {row[0] for row in texts}
    claims, faults = part(view, "lyrics", "Compared with what was published").tables
    (claim,) = (row for row in claims.rows if row[0] == MEANINGLESS)
    assert claim[4] == "nothing that means anything: it reads its target"
    assert faults.rows[-1][2].startswith(f"{MEANINGLESS}: training perplexity ")


def test_each_fault_of_a_write_up_stands_beside_the_result_that_it_changes(view: View) -> None:
    _, faults = part(view, "words", "Compared with what was published").tables
    dropout, training_only = faults.rows
    assert "dropout still switched on" in dropout[0]
    assert dropout[1].endswith("It has none with these settings, so no result changes.")
    assert dropout[2] == "–"
    assert training_only[2].startswith("letter accuracy on 90 held-out characters: words-lstm 0.")


def test_seeds_that_diverged_are_named(view: View) -> None:
    points = part(view, "names", "Results").points
    assert "names-rnn, seed 2: diverged at epoch 3; the figures are those of the fits that finished." in points
    points = part(view, "sales", "Results").points
    assert sum(point.endswith("diverged at epoch 2; no seed finished.") for point in points) == 3


def test_a_model_whose_every_seed_diverged_stands_in_the_table_without_figures(view: View) -> None:
    table = part(view, "sales", "Results").tables[0]
    (row,) = (row for row in table.rows if row[0] == "sales-rnn")
    assert set(row[1:-1]) == {"–"}  # after the metrics: parameters


def test_wrong_letters_of_a_word_are_marked(view: View) -> None:
    table = part(view, "words", "Word by word").tables[0]
    assert table.rows == (("beach", "beach", "75 %"), ("story", "sto[x]y", "75 %"))


def test_the_worst_confusions_are_shares_of_the_true_class(view: View) -> None:
    points = part(view, "names", "What is mixed up").points
    (lstm,) = (point for point in points if point.startswith("names-lstm: "))
    assert lstm.startswith("names-lstm: 9 % of Czech taken for Polish; ")  # 4 of 40 + 3 + 4


def test_faults_of_data_and_write_up_are_told(view: View) -> None:
    assert any("left out" in cell for table in part(view, "names", "Data").tables for row in table.rows for cell in row)
    assert len(part(view, "names", "Compared with what was published").tables[1].rows) == 2


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
