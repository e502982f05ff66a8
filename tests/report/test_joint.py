"""What the report says of all seeds together."""

import json
from pathlib import Path

from pipeline import artifacts, comparisons, paths, report
from pipeline.report import View
from tests import results_tree
from tests.report.test_view import part


def test_seeds_together_stand_beside_the_single_networks_and_the_baseline(here: Path) -> None:
    known = results_tree.build(here)
    where = paths.results("names")
    metrics = json.loads((where / "metrics.json").read_text())
    for model, together in (("names-lstm", 0.91), ("names-rnn", 0.77)):
        metrics[model]["test"]["accuracy"] |= {"mean": 0.75, "together": together}
    artifacts.write_json(where / "metrics.json", metrics)
    row = ("names-lstm", "baseline", "accuracy", 0.05, 0.03, 0.07, 0.001, "yes")
    artifacts.write_csv(where / "tables/together.csv", comparisons.COLUMNS, [row])
    found = part(report.build(known), "names", "All seeds together")
    assert found.tables[0].caption.startswith("accuracy on 90 held-out names")
    assert sorted(found.tables[0].rows) == [("names-lstm", "0.75", "0.91"), ("names-rnn", "0.750", "0.770")]
    assert "over the test items alone" in found.sentences[1]
    assert found.points == ("names-lstm beats the baseline by 3.0 to 7.0 points of accuracy.",)


def test_a_data_set_without_such_figures_has_no_such_part(view: View) -> None:
    assert not [each for section in view.sections for each in section.parts if each.heading == "All seeds together"]


def test_where_the_headline_metric_has_none_the_first_that_has_one_is_shown(here: Path) -> None:
    known = results_tree.build(here)
    where = paths.results("words")
    metrics = json.loads((where / "metrics.json").read_text())
    metrics["words-lstm"]["test"]["loss"] |= {"mean": 0.5, "together": 0.4}
    artifacts.write_json(where / "metrics.json", metrics)
    found = part(report.build(known), "words", "All seeds together")
    assert found.tables[0].caption.startswith("loss (nats) on 90 held-out characters")
    assert found.tables[0].rows == (("words-lstm", "0.50", "0.40"),)
    assert len(found.sentences) == 1  # nothing is compared, so nothing is said of how
