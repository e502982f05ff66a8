"""The cards of models say what they promise."""

import contextlib
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import pipeline
from pipeline import paths, report, settings
from pipeline.datasets import prepared as data
from pipeline.report import View, origins, usage
from pipeline.report.parts import Part
from stages import generate, predict
from tests.results_tree import MEANINGLESS, REPOSITORY
from tests.trained import MODELS


def part(view: View, model: str, heading: str) -> Part:
    (found,) = (each for each in view.cards[model].parts if each.heading == heading)
    return found


def page(view: View, model: str) -> str:
    return report.card(view.cards[model], paths.CARDS)


def test_there_is_a_card_for_every_model_with_all_its_parts(view: View) -> None:
    assert list(view.cards) == list(settings.load().models)
    wanted = ["Intended use", "What it cannot do", "Results", "How to use it", "Data", "Training"]
    for card in view.cards.values():
        assert [each.heading for each in card.parts] == wanted


def test_figures_stand_with_their_intervals_beside_baseline_limit_and_what_was_published(view: View) -> None:
    test, validation, train, seeds, published = part(view, "words-lstm", "Results").tables
    assert [table.caption.partition(":")[0] for table in (test, train)] == ["On test rows", "On all rows"]
    assert validation.columns == ("measure", "words-lstm", "baseline", "limit")
    (loss,) = (row for row in train.rows if row[0] == "loss (nats)")
    assert re.fullmatch(r"0\.\d+ \(0\.\d+ to 0\.\d+\)", loss[1])
    assert loss[2:] == ("0.250", "0.25")
    assert seeds.columns == ("rows", "measure", "seed 1", "seed 2", "seed 3")
    figures = {(row[:2], seed): float(row[1 + seed]) for row in seeds.rows for seed in (1, 2, 3)}
    assert {rows for (rows, _), _ in figures} == {"test", "validation", "train"}
    assert len({round(figures[("train", "loss (nats)"), seed], 4) for seed in (1, 2, 3)}) == 3
    (row,) = published.rows
    assert row[:3] == ("0.2642 (mean loss, epoch 1400)", "the 50 training words", loss[1])
    assert "3.1648 (epoch 0)" in row[4]


def test_the_faults_of_its_own_write_up_are_told_and_no_others(view: View) -> None:
    assert any("dropout still switched on" in point for point in part(view, "words-lstm", "Results").points)
    (fault,) = (point for point in part(view, MEANINGLESS, "Results").points if "in both directions" in point)
    assert "meaningless" in fault
    assert not any("both directions" in point for point in part(view, "lyrics-lstm", "Results").points)


def test_settings_are_complete(view: View) -> None:
    (_, table) = part(view, "names-lstm", "Training").tables
    block = settings.load().models["names-lstm"]
    assert {key for key, _ in table.rows} == {
        *(key for key in type(block).model_fields if getattr(block, key) is not None and key != "schedule"),
        "schedule.kind",
        "schedule.warmup",
    }


def test_seeds_that_diverged_are_told(view: View) -> None:
    training = part(view, "names-rnn", "Training")
    assert training.sentences[0] == "2 of 3 seeds finished."
    assert ("2", "diverged at epoch 3", "5", "4") in training.tables[0].rows
    assert (
        "A training of 1 of its 3 seeds diverged; another may, too."
        in part(view, "names-rnn", "What it cannot do").points
    )


def test_a_model_whose_every_seed_diverged_cannot_be_loaded(view: View) -> None:
    used = part(view, "sales-rnn", "How to use it")
    assert used.code == ()
    assert used.sentences == ("It cannot be loaded: every seed diverged, so there are no weights.",)


def test_a_model_that_reads_its_target_says_so_and_shows_its_training_perplexity_alone(view: View) -> None:
    assert "it cannot be used as a language model" in part(view, MEANINGLESS, "What it cannot do").points[0]
    results = part(view, MEANINGLESS, "Results")
    assert re.match(r"Training perplexity \d.*, which means nothing", results.sentences[0])
    assert [table.caption for table in results.tables] == ["Published figures beside our own"]
    assert not any(point.startswith("Number") for point in results.points)


def test_the_data_come_with_source_licence_and_faults(view: View) -> None:
    facts = dict(part(view, "sales-lstm", "Data").tables[0].rows)
    assert "CC BY 4.0" in facts["licence"]
    assert "doi.org" in facts["source"]
    assert facts["days"] == "train 1,600, validation 200, test 90"
    assert any(
        point.startswith("[Of the data](../../data/README.md#sales): Many buyers")
        for point in part(view, "sales-lstm", "What it cannot do").points
    )
    assert any("2011-09-12 to 2011-12-08" in point for point in part(view, "sales-lstm", "What it cannot do").points)


def test_links_of_a_card_lead_somewhere(view: View) -> None:
    root = Path(__file__).parent.parent.parent
    for model in view.cards:
        for target in re.findall(r"\]\((\.[^)#]+)[^)]*\)", page(view, model)):
            assert (root / paths.CARDS / target).resolve().exists(), (model, target)


def test_small_classes_and_weak_ones_are_named(view: View) -> None:
    points = part(view, "names-lstm", "What it cannot do").points
    assert "Classes with few rows, held-out ones included: Czech (477). Trust it less there." in points
    assert any(re.match(r"Right on test rows: Polish \d+ %, ", point) for point in points)


def test_every_data_set_of_the_project_has_a_card_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent.parent)
    for dataset in settings.load().datasets:
        origin = origins.read(dataset)
        assert origin.what, dataset
        assert origin.source, dataset
        assert origin.licence, dataset
        assert origin.faults, dataset


def test_a_data_set_without_a_card_is_no_fault(inside: Path) -> None:
    assert origins.read("of-a-user") == origins.Origin(None, None, None, ())


def test_what_follows_a_label_is_read_to_its_end(here: Path) -> None:
    origins.PATH.parent.mkdir()
    origins.PATH.write_text(
        "# Data\n\n## a\n\n- **What:** one\n  two\n- **Source:** see [b](build/b.py), [c](https://c.org)\n\nText.\n"
        "Known faults:\n\n- three\n  four\n- five\n\nMore:\n\n- not this\n\n## b\n\n- **Known faults:** six\n"
    )
    found = origins.read("a")
    assert found.what == "one two"
    assert found.source == "see [b](../../data/build/b.py), [c](https://c.org)"
    assert found.faults == ("three four", "five")
    assert origins.read("b").faults == ("six",)


@pytest.mark.parametrize("name", MODELS)
def test_examples_run_as_they_stand(name: str, trained_project: Path) -> None:
    with contextlib.chdir(trained_project):
        known = settings.load()
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


def test_what_the_cards_of_the_data_say_of_their_passages_is_so() -> None:
    text = (REPOSITORY / "data" / "README.md").read_text(encoding="utf-8")
    for name, block in settings.load(REPOSITORY / "params.yaml").datasets.items():
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        wanted = {key: str(getattr(block, key)) for key in ("skip", "limit") if getattr(block, key, 0)}
        assert dict(re.findall(r"`(skip|limit): (\d+)`", section)) == wanted, name
