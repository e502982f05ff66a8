"""Model cards are complete and correct."""

import contextlib
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import pipeline
from pipeline import paths, report
from pipeline.data import prepared as data
from pipeline.params import load_params
from pipeline.report import View, origins, usage
from pipeline.report.parts import Part
from stages import generate, predict
from tests.support.results_tree import LEAKING, REPOSITORY
from tests.support.trained import MODELS


def part(view: View, model: str, heading: str) -> Part:
    (found,) = (each for each in view.model_cards[model].parts if each.heading == heading)
    return found


def page(view: View, model: str) -> str:
    return report.render_model_card(view.model_cards[model], paths.MODEL_CARDS)


def test_every_model_has_a_model_card_with_all_parts(view: View) -> None:
    assert list(view.model_cards) == list(load_params().models)
    wanted = ["Intended use", "Limitations", "Results", "Usage", "Data", "Training"]
    for model_card in view.model_cards.values():
        assert [each.heading for each in model_card.parts] == wanted


def test_results_have_intervals_and_come_with_baseline_bound_and_published_figures(view: View) -> None:
    test, validation, all_rows, seeds, published = part(view, "words-lstm", "Results").tables
    assert [table.caption.partition(":")[0] for table in (test, all_rows)] == [
        "On test rows",
        "On all rows (trained and evaluated on them)",
    ]
    assert validation.columns == ("metric", "words-lstm", "baseline", "bound")
    (loss,) = (row for row in all_rows.rows if row[0] == "loss (nats)")
    assert re.fullmatch(r"0\.\d+ \(0\.\d+ to 0\.\d+\)", loss[1])
    assert loss[2:] == ("0.250", "0.25")
    assert seeds.columns == ("split", "metric", "seed 1", "seed 2", "seed 3")
    figures = {(row[:2], seed): float(row[1 + seed]) for row in seeds.rows for seed in (1, 2, 3)}
    assert {rows for (rows, _), _ in figures} == {"test", "validation", "all_rows"}
    assert len({round(figures[("all_rows", "loss (nats)"), seed], 4) for seed in (1, 2, 3)}) == 3
    (row,) = published.rows
    assert row[:3] == ("0.2642 (mean loss, epoch 1400)", "the 50 training words", loss[1])
    assert "3.1648 (epoch 0)" in row[4]


def test_the_known_issues_of_its_own_write_up_are_named_and_no_others(view: View) -> None:
    assert any("dropout still switched on" in point for point in part(view, "words-lstm", "Results").points)
    (issue,) = (point for point in part(view, LEAKING, "Results").points if "bidirectional network leaks" in point)
    assert "does not measure skill" in issue
    assert not any("bidirectional" in point for point in part(view, "lyrics-lstm", "Results").points)


def test_params_are_complete(view: View) -> None:
    (_, table) = part(view, "names-lstm", "Training").tables
    block = load_params().models["names-lstm"]
    assert {key for key, _ in table.rows} == {
        *(key for key in type(block).model_fields if getattr(block, key) is not None and key != "schedule"),
        "schedule.kind",
        "schedule.warmup",
    }


def test_seeds_that_diverged_are_named(view: View) -> None:
    training = part(view, "names-rnn", "Training")
    assert training.sentences[0] == "2 of 3 seeds finished."
    assert ("2", "diverged at epoch 3", "5", "4") in training.tables[0].rows
    assert (
        "Training diverged for 1 of its 3 seeds, and may diverge for others, too."
        in part(view, "names-rnn", "Limitations").points
    )


def test_a_model_whose_every_seed_diverged_cannot_be_loaded(view: View) -> None:
    found = part(view, "sales-rnn", "Usage")
    assert found.code == ()
    assert found.sentences == ("It cannot be loaded: every seed diverged, so there are no weights.",)


def test_a_model_that_leaks_its_target_has_its_training_perplexity_alone(view: View) -> None:
    assert "it cannot be used as a language model" in part(view, LEAKING, "Limitations").points[0]
    results = part(view, LEAKING, "Results")
    assert re.match(r"Training perplexity \d.* It does not measure skill", results.sentences[0])
    assert [table.caption for table in results.tables] == ["Published figures and the results here"]
    assert not any(point.startswith("Rank") for point in results.points)


def test_the_data_have_source_licence_and_issues(view: View) -> None:
    facts = dict(part(view, "sales-lstm", "Data").tables[0].rows)
    assert "CC BY 4.0" in facts["licence"]
    assert "doi.org" in facts["source"]
    assert facts["days"] == "train 1,600, validation 200, test 90"
    assert any(
        point.startswith("[Data issue](../../data/README.md#sales): Many buyers")
        for point in part(view, "sales-lstm", "Limitations").points
    )
    assert any("2011-09-12 to 2011-12-08" in point for point in part(view, "sales-lstm", "Limitations").points)


def test_links_of_a_model_card_lead_to_files(view: View) -> None:
    root = Path(__file__).parent.parent.parent
    for model in view.model_cards:
        for target in re.findall(r"\]\((\.[^)#]+)[^)]*\)", page(view, model)):
            assert (root / paths.MODEL_CARDS / target).resolve().exists(), (model, target)


def test_small_classes_and_those_with_low_recall_are_named(view: View) -> None:
    points = part(view, "names-lstm", "Limitations").points
    assert "Classes with few rows, held-out ones included: Czech (477). It is less reliable for these." in points
    assert any(re.match(r"Recall on test rows: Polish \d+ %, ", point) for point in points)


def test_every_data_set_of_the_project_has_a_data_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent.parent)
    for dataset in load_params().datasets:
        origin = origins.read(dataset)
        assert origin.what, dataset
        assert origin.source, dataset
        assert origin.licence, dataset
        assert origin.issues, dataset


def test_a_data_set_without_a_data_card_is_no_error(inside: Path) -> None:
    assert origins.read("of-a-user") == origins.Origin(None, None, None, ())


def test_what_follows_a_label_is_read_to_its_end(here: Path) -> None:
    origins.PATH.parent.mkdir()
    origins.PATH.write_text(
        "# Data\n\n## a\n\n- **What:** one\n  two\n- **Source:** see [b](build/b.py), [c](https://c.org)\n\nText.\n"
        "Known issues:\n\n- three\n  four\n- five\n\nMore:\n\n- not this\n\n## b\n\n- **Known issues:** six\n"
    )
    found = origins.read("a")
    assert found.what == "one two"
    assert found.source == "see [b](../../data/build/b.py), [c](https://c.org)"
    assert found.issues == ("three four", "five")
    assert origins.read("b").issues == ("six",)


@pytest.mark.parametrize("name", MODELS)
def test_examples_run_without_changes(name: str, trained_project: Path) -> None:
    with contextlib.chdir(trained_project):
        known = load_params()
        block = known.models[name]
        prepared = data.read(paths.prepared(block.dataset))
        python, shell = usage.examples(name, block, known.datasets[block.dataset], prepared)
        assert f'model = pipeline.load("{name}")' in python.lines
        exec("\n".join(python.lines), {"pipeline": pipeline})  # noqa: S102 (our own lines)
        for line in shell.lines:
            _, _, stage, *arguments = shlex.split(line)
            command = {"stages.predict": predict, "stages.generate": generate}[stage].main
            result = CliRunner().invoke(command, arguments)
            assert (result.exit_code, result.exception) == (0, None), result.output
            assert result.output.strip()


def test_data_cards_name_the_passages_of_params_yaml() -> None:
    text = (REPOSITORY / "data" / "README.md").read_text(encoding="utf-8")
    for name, block in load_params(REPOSITORY / "params.yaml").datasets.items():
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        wanted = {key: str(getattr(block, key)) for key in ("skip", "limit") if getattr(block, key, 0)}
        assert dict(re.findall(r"`(skip|limit): (\d+)`", section)) == wanted, name
