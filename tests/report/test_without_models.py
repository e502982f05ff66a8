"""The report of data sets on which no model is trained."""

import pytest

from pipeline import report
from pipeline.params import load_params
from pipeline.tracking import records
from tests.report.conftest import by_heading
from tests.support import project


@pytest.fixture(params=[{}, {"words-lstm": project.MODELS["words-lstm"]}], ids=["none", "of another data set"])
def view(here, request):
    """Evaluate and report a data set with test rows and one without, of which none has a model."""
    project.write(here, project.params_text(["words", "overfit", "names"], models=request.param))
    for step in (project.prepare, project.train, project.evaluate):
        step(here)
    return report.build(load_params())


def test_only_methods_without_a_network_are_reported(view):
    names, overfit = (next(each for each in view.sections if each.name == name) for name in ("names", "overfit"))
    for section in (names, overfit):
        parts = by_heading(section.parts)
        assert "No model is trained on it" in section.opening
        assert {"Which model to use", "Loss by epoch"}.isdisjoint(parts)
        assert "What the metrics mean" in parts
    assert "\nbaseline | 1.00 | " in by_heading(names.parts)["Results"]
    assert "the methods are fitted to all rows" in by_heading(overfit.parts)["Memorisation"]


def test_the_first_page_says_that_no_model_is_trained(view):
    rows = {row[0]: row for row in view.summary.rows}
    assert rows["names"][2] == rows["overfit"][2] == "none: no model is trained"
    (line,) = (point for point in view.overview.points if "No model is trained on" in point)
    assert "overfit and names" in line
    assert not any("could be compared" in point for point in view.overview.points)
    assert set(view.model_cards) == set(load_params().models)
    assert "no model is trained" in report.render_html(view)


def test_the_baselines_are_published(view):
    names = [record.name for record in records.read_records("names", load_params())]
    assert names == ["baseline", "baseline-frequent", "bound"]
