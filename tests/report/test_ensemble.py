"""The report on the ensemble of the seeds."""

import json
from pathlib import Path

from pipeline import files, paths, report
from pipeline.evaluation import significance
from pipeline.report import View
from tests.report.test_sections import part
from tests.support import results_tree


def test_ensembles_are_compared_with_single_networks_and_the_baseline(here: Path) -> None:
    known = results_tree.build(here)
    where = paths.results("names")
    metrics = json.loads((where / "metrics.json").read_text())
    for model, ensemble in (("names-lstm", 0.91), ("names-rnn", 0.77)):
        metrics[model]["test"]["accuracy"] |= {"mean": 0.75, "ensemble": ensemble}
    files.write_json(where / "metrics.json", metrics)
    row = ("names-lstm", "baseline", "accuracy", 0.05, 0.03, 0.07, 0.001, "yes")
    files.write_csv(where / "tables/ensemble.csv", significance.COLUMNS, [row])
    found = part(report.build(known), "names", "Ensemble of the seeds")
    assert found.tables[0].caption.startswith("accuracy on 90 held-out names")
    assert sorted(found.tables[0].rows) == [("names-lstm", "0.75", "0.91"), ("names-rnn", "0.750", "0.770")]
    assert "over the test items alone" in found.sentences[1]
    assert found.points == ("names-lstm is significantly better than the baseline (by 3.0 to 7.0 points of accuracy).",)


def test_a_data_set_without_such_figures_has_no_such_part(view: View) -> None:
    headings = [each.heading for section in view.sections for each in section.parts]
    assert "Ensemble of the seeds" not in headings


def test_where_the_headline_metric_has_none_the_first_that_has_one_is_shown(here: Path) -> None:
    known = results_tree.build(here)
    where = paths.results("words")
    metrics = json.loads((where / "metrics.json").read_text())
    metrics["words-lstm"]["test"]["loss"] |= {"mean": 0.5, "ensemble": 0.4}
    files.write_json(where / "metrics.json", metrics)
    found = part(report.build(known), "words", "Ensemble of the seeds")
    assert found.tables[0].caption.startswith("loss (nats) on 90 held-out characters")
    assert found.tables[0].rows == (("words-lstm", "0.50", "0.40"),)
    assert len(found.sentences) == 1  # without comparisons there is no method to explain
