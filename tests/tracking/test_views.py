"""The view in which MLflow's page of a data set opens, and the links to it."""

import json

import pytest

from pipeline.tracking import metric_names, server, views
from tests.tracking.conftest import find_runs

pytestmark = pytest.mark.xdist_group("tracking")
LINKS = [("words", "1"), ("a-long-name", "22")]


def read_view(client, dataset):
    return json.loads(client.get_experiment_by_name(dataset).tags[views.TAG])


@pytest.mark.parametrize(("dataset", "metric", "ascending"), [("names", "accuracy", False), ("sums", "mse", True)])
def test_the_best_run_is_first_and_the_headline_in_view(client, dataset, metric, ascending):
    view = read_view(client, dataset)
    assert view["orderByKey"] == view["selectedColumns"][0] == f"metrics.`test.{metric}`"
    assert view["orderByAsc"] is ascending
    ends = [f"metrics.`{name}`" for name in metric_names.interval_ends(f"test.{metric}")]
    assert view["selectedColumns"][1:3] == ends


def test_the_filter_finds_each_model_baseline_bound_and_comparison_once(client):
    found = find_runs(client, "names", read_view(client, "names")["searchFilter"])
    kinds = [run.data.tags["kind"] for run in found]
    assert sorted(kinds) == ["baseline", "baseline", "bound", "comparison", "model", "model"]


def test_columns_are_params_in_which_models_differ(client):
    params = [name for name in read_view(client, "names")["selectedColumns"] if name.startswith("params.")]
    assert params[:3] == ["params.`cell`", "params.`learning_rate`", "params.`epochs`"]


def test_charts_are_in_the_order_of_reading(client):
    view = read_view(client, "names")
    sections = [section["name"] for section in view["compareRunSections"]]
    assert (sections[:2], sections[-1]) == ([views.TOP_LEVEL, "curves"], "training")
    charts = [chart["metricKey"] for chart in view["compareRunCharts"]]
    assert charts[0] == "test.accuracy"
    assert charts[-1] == "training/learning_rate"
    assert {chart["metricSectionId"] for chart in view["compareRunCharts"]} <= {
        section["uuid"] for section in view["compareRunSections"]
    }


def test_a_description_of_a_user_is_kept_and_ours_is_renewed(copy):
    experiment = copy.get_experiment_by_name("names").experiment_id
    for before, kept in (("My own words.", True), (f"Old. {views.MORE}(#/1)", False)):
        copy.set_experiment_tag(experiment, views.NOTE, before)
        views.save_answer(copy, experiment, "Use names-rnn.", "run")
        shown = copy.get_experiment(experiment).tags[views.NOTE]
        assert (shown == before) is kept
    assert shown.startswith("Use names-rnn. ")


def test_an_experiment_of_dvc_leaves_view_and_answer(copy, monkeypatch):
    experiment = copy.get_experiment_by_name("names")
    monkeypatch.setenv("DVC_EXP_NAME", "tried-poem")
    views.save(copy, experiment.experiment_id, views.View("test.loss", False))
    views.save_answer(copy, experiment.experiment_id, "Use another.", "run")
    assert copy.get_experiment(experiment.experiment_id).tags == experiment.tags


def test_links_are_aligned_and_lead_to_the_view():
    first, second = server.format_links("http://host:5000/", LINKS).splitlines()
    assert first.index("http") == second.index("http")
    assert first.endswith(
        "http://host:5000/#/experiments/1/runs?viewStateShareKey=results&workflowType=machine_learning"
    )
    assert server.format_links("http://host", LINKS[1:], shared=False).endswith("http://host/#/experiments/22/runs")


def test_without_results_the_link_is_that_of_all_experiments():
    assert server.format_links("http://host", []) == "http://host/#/experiments?workflowType=machine_learning"
