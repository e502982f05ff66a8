"""The limitations of models follow from their data set and params."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import files, paths, report
from pipeline.params import load_params
from pipeline.report import limitations
from pipeline.report.load import read
from tests.report.test_model_card import part
from tests.report.test_sections import part as section_part
from tests.support import results_tree

SALES = "test: 0.15, refit: false"


def points(model: str, params: str, here: Path) -> str:
    known = results_tree.build(here, params)
    return "\n".join(limitations.describe(read(known.models[model].dataset, known), model))


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (SALES, "2011-12-08, with the last days held out."),
        (
            "test: 0.15, refit: true",
            "and it was trained on all of these days; the network that the test figures are of",
        ),
    ],
)
def test_a_series_names_the_days_that_it_was_trained_on(here: Path, change: str, wanted: str) -> None:
    assert wanted in points("sales-lstm", results_tree.PARAMS.replace(SALES, change), here)


def test_a_series_without_held_out_days_claims_none(here: Path) -> None:
    nothing = "validation: 0.0, test: 0.0, refit: true"
    params = results_tree.PARAMS.replace("validation: 0.15, test: 0.15, refit: false", nothing)
    described = points("sales-lstm", params, here)
    assert "2011-12-08, and it was trained on all of these days. It" in described
    assert "days held out" not in described
    view = report.build(load_params())
    described = " ".join(part(view, "sales-lstm", "Results").points)
    assert "the evaluated network" not in described
    assert "No rows of this data set are held out, so the same is true here." in described
    assert "The very next day is predicted." in described  # does not depend on held-out days


def test_the_evaluated_fit_is_distinguished_from_the_fit_to_all_days(here: Path) -> None:
    known = results_tree.build(here, results_tree.PARAMS.replace(SALES, "test: 0.15, refit: true"))
    described = " ".join(part(report.build(known), "sales-lstm", "Results").points)
    assert "over the last days, on which the evaluated network was not trained" in described


def test_each_model_is_compared_with_the_baselines_that_are_better(here: Path) -> None:
    known = results_tree.build(here)
    where = paths.results("names") / "metrics.json"
    metrics = json.loads(where.read_text())
    for name, mean in (("names-lstm", 0.9), ("baseline", 0.8), ("names-rnn", 0.7)):
        metrics[name]["test"]["accuracy"] = {"mean": mean, "low": mean, "high": mean}
    files.write_json(where, metrics)
    view = report.build(known)
    better = {
        model: [point for point in part(view, model, "Limitations").points if "without a network" in point]
        for model in ("names-lstm", "names-rnn")
    }
    assert better["names-lstm"] == []
    assert better["names-rnn"][0].endswith("accuracy 0.800 (baseline), compared with 0.700.")


def test_a_model_without_test_figures_is_not_compared_with_baselines(here: Path) -> None:
    known = results_tree.build(here)
    where = paths.results("words") / "metrics.json"
    metrics = json.loads(where.read_text())
    del metrics["words-lstm"]["test"]
    files.write_json(where, metrics)
    described = part(report.build(known), "words-lstm", "Limitations").points
    assert not any("without a network" in point for point in described)


def test_a_training_loss_with_dropout_is_marked(here: Path) -> None:
    lyrics = "lyrics-lstm: {dataset: lyrics, cell: lstm,"
    known = results_tree.build(here, results_tree.PARAMS.replace(lyrics, f"{lyrics} output_dropout: 0.2,"))
    claims = section_part(report.build(known), "lyrics", "Comparison with published results").tables[0]
    same_rows = {row[0]: row[3] for row in claims.rows}
    assert same_rows["lyrics-lstm"].endswith(", of the training text, with dropout")
    assert same_rows["lyrics-bidirectional"].endswith(", of the training text")


def test_an_issue_of_dropout_changes_the_results_of_models_with_dropout(here: Path) -> None:
    words = "words-lstm: {dataset: words, cell: lstm,"
    known = results_tree.build(here, results_tree.PARAMS.replace(words, f"{words} output_dropout: 0.2,"))
    _, issues = section_part(report.build(known), "words", "Comparison with published results").tables
    assert issues.rows[0][1] == "Dropout is off whenever a network is evaluated."
    changed = r"loss \(nats\) on all 1,890 characters \(memorisation\): words-lstm 0\.\d+ \("
    assert re.match(changed, issues.rows[0][2])


def test_a_weak_baseline_is_named_with_the_networks_that_are_worse(here: Path) -> None:
    known = results_tree.build(here)
    where = paths.results("sales") / "metrics.json"
    metrics = json.loads(where.read_text())
    for name, mean in (("sales-lstm", 0.7), ("sales-rnn", 0.8), ("baseline", 0.6), ("baseline-median", 0.75)):
        metrics[name] = {split: {"mase": {"mean": mean, "low": mean, "high": mean}} for split in ("validation", "test")}
    files.write_json(where, metrics)
    points = section_part(report.build(known), "sales", "Which model to use").points
    assert "The baseline, gradient boosting (MASE 0.600), has a better mean than every network here." in points
    assert points[-1] == (
        "baseline-median, the median of the training days (MASE 0.750), has a better mean than sales-rnn."
    )


def test_a_loss_over_every_step_is_explained(here: Path) -> None:
    known = results_tree.build(here)
    path = paths.model("names", "names-rnn") / "model.json"
    results_tree.edit_json(path, "params", {**files.read_json(path)["params"], "supervision": "every-step"})
    sentences = section_part(report.build(known), "names", "Loss by epoch").sentences
    assert sentences[2].startswith("The training loss of names-rnn is over all steps of a window")


def test_the_only_model_that_can_be_compared_is_named_as_such(here: Path) -> None:
    view = report.build(results_tree.build(here))
    first = {name: section_part(view, name, "Which model to use").points[0] for name in ("words", "lyrics")}
    assert "words-lstm is the only model, with" in first["words"]
    assert "lyrics-lstm is the only model that can be compared, with" in first["lyrics"]


@pytest.mark.parametrize(
    ("alphabet", "wanted"),
    [
        ("ab ", "It predicts one (a) or two (b); it never predicts another character, such as a space."),
        ("abc", "It predicts one (a) or two (b); it never predicts another character."),
        ("ab", "It predicts one (a) or two (b)."),
    ],
)
def test_what_is_never_predicted_depends_on_the_classes(alphabet: str, wanted: str) -> None:
    params = SimpleNamespace(width=2, classes={"one": "a", "two": "b"}, alphabet=alphabet)
    results = SimpleNamespace(data_card={"passage": {"opening": "ab"}})
    assert wanted in limitations.LIMITATIONS["windows"](results, "m", params)  # type: ignore[arg-type]


def test_oov_symbols_are_refused_or_read_as_unknown() -> None:
    def describe(symbols: int, unknown: int | None) -> str:
        card = {"symbols": symbols, "unknown": unknown, "classes": {"one": 1}}
        *_, last = limitations.LIMITATIONS["labelled"](SimpleNamespace(data_card=card), "m", None)  # type: ignore[arg-type]
        return last

    known = "It accepts the 7 symbols of its training rows. It refuses out-of-vocabulary (OOV) symbols"
    assert describe(7, None) == f"{known}."
    assert describe(8, 0) == f"{known}; `predict --input` reads those of a table as the `unknown` token."
