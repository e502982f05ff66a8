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
