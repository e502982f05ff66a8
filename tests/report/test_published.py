"""What data/README.md and data/published.yaml say: those of this repository, and those that cannot be used."""

import re

import pytest

from pipeline.errors import DataError
from pipeline.params import load_params
from pipeline.report import origins, published
from pipeline.report.origins import Origin
from tests.support.project import REPOSITORY

KNOWN = load_params(REPOSITORY / "params.yaml")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("models: {a: [{text: a}]}\ndatasets: {}", r"models\.a\.0: .*wanted quantity, and tolerance and value"),
        ("models: {a: [{text: a, quantity: train_loss, low: 1}]}\ndatasets: {}", r"models\.a\.0: .*needs epoch"),
        ("models: {}\ndatasets: {}\nmore: 1", "more: Extra inputs"),
        ("models: [", "not YAML"),
    ],
)
def test_figures_that_are_invalid_are_refused(tmp_path, text, wanted):
    (tmp_path / "published.yaml").write_text(text)
    with pytest.raises(DataError, match=wanted):
        published.read(tmp_path / "published.yaml")


def test_a_project_may_have_no_published_figures_and_no_descriptions(here):
    assert published.read().models == {}
    assert origins.read("words") == Origin(None, None, None, ())


@pytest.mark.parametrize("dataset", KNOWN.datasets)
def test_every_data_set_of_the_project_has_a_data_card_with_its_passage(dataset, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    assert all(text for _, text in origins.read(dataset).facts)
    assert origins.read(dataset).issues
    section = origins.PATH.read_text(encoding="utf-8").partition(f"\n## {dataset}\n")[2].partition("\n## ")[0]
    block = KNOWN.datasets[dataset]
    wanted = {key: str(getattr(block, key)) for key in ("skip", "limit") if getattr(block, key, 0)}
    assert dict(re.findall(r"`(skip|limit): (\d+)`", section)) == wanted


def test_what_follows_a_label_of_a_data_card_is_read_to_its_end(inside):
    assert origins.read("words").what == "words, see [the names](../../data/build/names.py)."
    assert origins.read("names").issues == ("Names of five letters, and no others.", "No `real` names.")
    assert origins.read("of-a-user") == Origin(None, None, None, ())


FIGURES = published.read(REPOSITORY / "published" / published.PATH)
RECIPES = load_params(REPOSITORY / "published/params.yaml")


def test_every_recipe_but_the_sweep_the_mended_one_and_one_for_the_study_of_rates_has_published_figures():
    sweep, ours = RECIPES.models_of("binary-sweep"), {"overfit-lstm", "names-lstm-slow"}
    assert FIGURES.models.keys() == RECIPES.models.keys() - {*sweep} - ours
    assert FIGURES.datasets.keys() <= RECIPES.datasets.keys()
    assert FIGURES.recipes.keys() == RECIPES.models.keys() - {*sweep}


def test_each_published_figure_has_a_verdict_and_what_was_tried_where_it_is_not_reproduced():
    page = (REPOSITORY / "published/reports/index.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| \[(\S+)\]\(.*?\) \| (.+?) \| .* \| (reproduced|not reproduced|not comparable).* \|$", page, re.M
    )
    wanted = [(model, figure.text) for model, figures in FIGURES.models.items() for figure in figures]
    assert sorted((model, text.replace("\\", "")) for model, text, _ in rows) == sorted(wanted)
    assert "nothing else was tried" not in page


@pytest.mark.parametrize(
    ("model", "epochs"), [("words-rnn", (100, 300, 450)), ("words-lstm", (50, 100, 200, 500, 1000, 1400))]
)
def test_the_published_losses_of_the_words_are_reproduced(model, epochs):
    page = (REPOSITORY / "published/reports/index.md").read_text(encoding="utf-8")
    for epoch in epochs:
        (verdict,) = re.findall(rf"^\| \[{model}\]\(.*?\) \| mean loss, epoch {epoch} \| .* \| (\w.*?) \|$", page, re.M)
        assert verdict.startswith("reproduced")
