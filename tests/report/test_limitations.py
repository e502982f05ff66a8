"""What cannot be done is told by the data set and the settings at hand."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import artifacts, paths, report
from pipeline.report import limitations
from pipeline.report.reading import read
from tests import results_tree
from tests.report.test_cards import part
from tests.report.test_view import part as section_part

SALES = "test: 0.15, refit: false"


def points(model: str, params: str, here: Path) -> str:
    known = results_tree.build(here, params)
    return "\n".join(limitations.of(read(known.models[model].dataset, known), model))


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (SALES, "2011-12-08, the last of them held out: of"),
        ("test: 0.15, refit: true", "and it has seen them all; the fit that the test figures are of has not seen"),
    ],
)
def test_a_series_says_which_days_it_has_seen(here: Path, change: str, wanted: str) -> None:
    assert wanted in points("sales-lstm", results_tree.PARAMS.replace(SALES, change), here)


def test_a_series_without_held_out_days_promises_none(here: Path) -> None:
    nothing = "validation: 0.0, test: 0.0, refit: true"
    params = results_tree.PARAMS.replace("validation: 0.15, test: 0.15, refit: false", nothing)
    told = points("sales-lstm", params, here)
    assert "2011-12-08, and it has seen them all: of" in told
    assert "held out:" not in told
    view = report.build(results_tree.settings.load())
    told = " ".join(part(view, "sales-lstm", "Results").points)
    assert "the network that is judged" not in told
    assert "No row of this data set is held out, so the same is true here." in told
    assert "The very next day is predicted." in told  # no matter of held-out days


def test_a_judged_fit_beside_a_fit_to_all_days_is_told_apart(here: Path) -> None:
    known = results_tree.build(here, results_tree.PARAMS.replace(SALES, "test: 0.15, refit: true"))
    told = " ".join(part(report.build(known), "sales-lstm", "Results").points)
    assert "over the last days, which the network that is judged has not seen" in told


def test_each_model_is_set_beside_the_baselines_that_beat_it(here: Path) -> None:
    known = results_tree.build(here)
    where = paths.results("names") / "metrics.json"
    metrics = json.loads(where.read_text())
    for name, mean in (("names-lstm", 0.9), ("baseline", 0.8), ("names-rnn", 0.7)):
        metrics[name]["test"]["accuracy"] = {"mean": mean, "low": mean, "high": mean}
    artifacts.write_json(where, metrics)
    view = report.build(known)
    beaten = {
        model: [point for point in part(view, model, "What it cannot do").points if "without a network" in point]
        for model in ("names-lstm", "names-rnn")
    }
    assert beaten["names-lstm"] == []
    assert beaten["names-rnn"][0].endswith("accuracy 0.800 (baseline), not 0.700.")


def test_a_model_without_test_figures_is_not_set_beside_baselines(here: Path) -> None:
    known = results_tree.build(here)
    where = paths.results("words") / "metrics.json"
    metrics = json.loads(where.read_text())
    del metrics["words-lstm"]["test"]
    artifacts.write_json(where, metrics)
    told = part(report.build(known), "words-lstm", "What it cannot do").points
    assert not any("without a network" in point for point in told)


def test_losses_that_are_not_measured_alike_are_told(here: Path) -> None:
    lyrics = "lyrics-lstm: {dataset: lyrics, cell: lstm,"
    known = results_tree.build(here, results_tree.PARAMS.replace(lyrics, f"{lyrics} output_dropout: 0.2,"))
    claims = section_part(report.build(known), "lyrics", "Compared with what was published").tables[0]
    alike = {row[0]: row[3] for row in claims.rows}
    assert alike["lyrics-lstm"].endswith(", of the training text, with dropout")
    assert alike["lyrics-bidirectional"].endswith(", of the training text")


def test_dropout_changes_what_has_some(here: Path) -> None:
    words = "words-lstm: {dataset: words, cell: lstm,"
    known = results_tree.build(here, results_tree.PARAMS.replace(words, f"{words} output_dropout: 0.2,"))
    _, faults = section_part(report.build(known), "words", "Compared with what was published").tables
    assert faults.rows[0][1] == "Dropout is off whenever a network is evaluated."
    changed = r"loss \(nats\) on all 1,890 characters, learnt by heart: words-lstm 0\.\d+ \("
    assert re.match(changed, faults.rows[0][2])


def test_a_weak_baseline_is_named_beside_the_networks_that_it_beats(here: Path) -> None:
    known = results_tree.build(here)
    where = paths.results("sales") / "metrics.json"
    metrics = json.loads(where.read_text())
    for name, mean in (("sales-lstm", 0.7), ("sales-rnn", 0.8), ("baseline", 0.6), ("baseline-median", 0.75)):
        metrics[name] = {split: {"mase": {"mean": mean, "low": mean, "high": mean}} for split in ("validation", "test")}
    artifacts.write_json(where, metrics)
    points = section_part(report.build(known), "sales", "Which model to take").points
    assert "The baseline, gradient boosting (MASE 0.600), has a better mean than every network here." in points
    assert points[-1] == (
        "baseline-median, the median of the training days (MASE 0.750), has a better mean than sales-rnn."
    )


def test_a_loss_over_every_step_is_told(here: Path) -> None:
    known = results_tree.build(here)
    path = paths.model("names", "names-rnn") / "model.json"
    results_tree.edit_json(path, "settings", {**artifacts.read_json(path)["settings"], "supervision": "every-step"})
    sentences = section_part(report.build(known), "names", "Loss by epoch").sentences
    assert sentences[2].startswith("The training loss of names-rnn is over all steps of a window")


def test_the_only_model_beside_one_that_cannot_be_compared_is_called_that(here: Path) -> None:
    view = report.build(results_tree.build(here))
    told = {name: section_part(view, name, "Which model to take").points[0] for name in ("words", "lyrics")}
    assert "words-lstm is the only model, with" in told["words"]
    assert "lyrics-lstm is the only one that can be compared, with" in told["lyrics"]


@pytest.mark.parametrize(
    ("alphabet", "wanted"),
    [
        ("ab ", "Its answer is one (a) or two (b): that any other character follows, such as a space, it never says."),
        ("abc", "Its answer is one (a) or two (b): that any other character follows it never says."),
        ("ab", "Its answer is one (a) or two (b)."),
    ],
)
def test_what_is_never_said_depends_on_the_classes(alphabet: str, wanted: str) -> None:
    settings = SimpleNamespace(width=2, classes={"one": "a", "two": "b"}, alphabet=alphabet)
    results = SimpleNamespace(card={"passage": {"opening": "ab"}})
    assert wanted in limitations._windows(results, "m", settings)  # type: ignore[arg-type]


def test_strange_symbols_are_refused_or_read_as_unknown() -> None:
    def told(symbols: int, unknown: int | None) -> str:
        results = SimpleNamespace(card={"symbols": symbols, "unknown": unknown})
        return limitations._symbols(results, SimpleNamespace())  # type: ignore[arg-type]

    known = "It knows the 7 symbols of its training rows. It refuses any other"
    assert told(7, None) == f"{known}."
    assert told(8, 0) == f"{known}; `predict --input` reads a table's others as one unknown symbol."
