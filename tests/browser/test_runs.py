"""What a user sees who opens the links of `make ui`, and goes on from there."""

import json
import re
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from playwright.sync_api import expect

from pipeline.tracking import metric_names
from stages.ui import main
from tests.browser.conftest import CHANGED, DATASETS, SETTLE
from tests.support.browser import LINK, RUN, read_runs, tick, wait_for_runs

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("browser")]

HEADLINE = "metrics.`test.accuracy`"
ENDS = ("metrics.`interval/accuracy.low`", "metrics.`interval/accuracy.high`")


@pytest.fixture
def names(site, page):
    """Open the runs of the data set names by the link that was printed."""
    page.goto(site.links["names"])
    wait_for_runs(page, HEADLINE)
    return page


def assert_is_our_view(page):
    """The page shows training runs, the best first, with the headline; not the pages for language models."""
    wait_for_runs(page, HEADLINE)
    expect(page.get_by_text("Judges")).to_have_count(0)
    values = [float(row[HEADLINE]) for row in read_runs(page) if row[HEADLINE] != "-"]
    assert values == sorted(values, reverse=True)
    assert len(values) > 2


def compare_url(site, runs):
    ids, experiments = [run.info.run_id for run in runs], [run.info.experiment_id for run in runs]
    queries = {"runs": ids, "experiments": list(dict.fromkeys(experiments))}
    return f"{site.address}#/compare-runs?" + "&".join(f"{key}={quote(json.dumps(of))}" for key, of in queries.items())


def test_a_link_is_printed_for_each_data_set(site):
    assert set(site.links) == set(DATASETS)


def test_links_of_a_server_elsewhere_are_printed_and_lead_to_the_shared_view(site, page, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", site.address)
    printed = CliRunner().invoke(main).output
    links = dict(match.groups() for match in map(LINK.match, printed.splitlines()) if match)
    assert set(links) == set(DATASETS)
    page.goto(links["names"])
    assert_is_our_view(page)


def test_the_link_shows_each_model_baseline_and_bound_the_best_first(names, keep):
    assert_is_our_view(names)
    rows = read_runs(names)
    kinds = [row["tags.`kind`"] for row in rows]
    assert {"model", "baseline", "bound", "comparison"} == set(kinds)
    assert kinds[-1] == "comparison"  # without a figure that would sort it among the models
    for row in rows:
        if row["tags.`kind`"] == "model":
            low, value, high = (float(row[column]) for column in (ENDS[0], HEADLINE, ENDS[1]))
            assert low <= value <= high
            assert row["params.`cell`"] in ("lstm", "rnn")
    keep("runs")


def test_the_page_says_which_model_to_use(names):
    answer = names.get_by_text(re.compile("names-rnn is the best model, chosen on validation rows"))
    expect(answer.first).to_be_visible()
    with names.expect_popup() as popup:
        names.get_by_role("link", name="Figure, differences and reasons").click()
    expect(popup.value.get_by_text("names-rnn is significantly better than names-lstm").first).to_be_attached()


def test_whoever_goes_on_stays_in_the_view(names, site):
    names.locator(f'.ag-row[row-index="2"] [col-id="{RUN}"] a').first.click()
    expect(names).to_have_url(re.compile(r"/runs/\w{32}"))
    names.go_back()
    assert_is_our_view(names)
    names.locator(f'.ag-row[row-index="2"] [col-id="{RUN}"] a').first.click()
    expect(names.get_by_text("About this run")).to_be_visible()
    names.get_by_role("link", name="Runs").last.click()
    assert_is_our_view(names)
    names.goto(f"{site.address}#/experiments")
    expect(names.get_by_role("heading", name="Experiments")).to_be_visible()
    expect(names.locator(".ag-row")).to_have_count(0)  # the page before is gone
    names.wait_for_timeout(SETTLE)  # the list is drawn twice, and a click between the two is lost
    names.get_by_role("row").get_by_role("link", name="names", exact=True).click()
    assert_is_our_view(names)
    tick(names, 1)
    tick(names, 2)
    names.get_by_role("button", name="Compare").click()
    expect(names.get_by_text("Comparing 2 Runs")).to_be_visible()
    names.locator(
        f'a[href$="#/experiments/{site.number("names")}"]', has_text="names"
    ).first.click()  # the bar at the side has another
    assert_is_our_view(names)


def test_charts_begin_with_the_headline_and_end_with_the_learning_rate(names, keep):
    names.goto(f"{names.url}&compareRunsMode=CHART")
    names.reload()
    section = names.get_by_test_id("experiment-view-compare-runs-section-header")
    expect(section.last).to_contain_text("training")
    groups = [text.split("(")[0].strip() for text in section.all_inner_texts()]
    assert groups == ["Model metrics", *metric_names.GROUPS]
    expect(names.get_by_text("test.accuracy", exact=True).first).to_be_visible()
    expect(names.get_by_text("curves/train_loss", exact=True).first).to_be_visible()
    keep("charts")


def test_two_experiments_show_the_param_that_differs_and_the_headline(page, site, keep):
    runs = site.runs("names", "tags.model = 'names-rnn' and tags.kind = 'model'")
    assert {run.data.params["learning_rate"] for run in runs} == {"0.02", str(CHANGED)}
    page.goto(compare_url(site, runs))
    rate = page.locator("tr, [role=row]", has_text=re.compile("^learning_rate"))
    for value in ("0.02", str(CHANGED)):
        expect(rate.first).to_contain_text(value)
    expect(page.get_by_text("test.accuracy", exact=True).first).to_be_visible()  # chosen for the plot above the params
    keep("compared-experiments")


def test_the_comparison_has_a_figure_and_says_why(page, site, keep):
    run = site.comparison("names")
    address = f"{site.address}#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
    page.goto(address)
    expect(page.get_by_text("names: use names-rnn")).to_be_visible()
    expect(page.get_by_text("names-rnn is the best model").first).to_be_visible()
    keep("comparison")
    page.goto(f"{address}/artifacts")
    page.get_by_text("comparison.png").click()
    expect(page.locator("img[src^=blob]").first).to_be_visible()
    keep("comparison-figure")
    page.get_by_text("differences.json").click()
    expect(page.get_by_text("significant").first).to_be_visible()
    keep("comparison-differences")


def test_comparisons_of_two_data_sets_lie_side_by_side(page, site, keep):
    runs = [site.comparison(dataset) for dataset in ("names", "words")]
    page.goto(compare_url(site, runs))
    for heading in ("Visualizations", "Run details"):  # so that the figures are in view
        page.get_by_role("button", name=heading).first.click()
    page.get_by_text("comparison.png").first.click()
    expect(page.locator("img[src^=blob]:visible")).to_have_count(2)
    keep("compared-data-sets")


def test_the_registered_model_has_its_alias_and_says_how_it_is_called(page, site, keep):
    page.goto(f"{site.address}#/models/names")
    expect(page.get_by_text("champion").first).to_be_visible()
    expect(page.get_by_text("The best model of data set names").first).to_be_visible()
    keep("registered-model")
    page.goto(f"{site.address}#/models/names/versions/1")
    expect(page.get_by_text("on validation rows").first).to_be_visible()
    keep("registered-version")
