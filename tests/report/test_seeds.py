"""What the cards say where seeds or fits diverged, and of one seed alone."""

from collections.abc import Callable
from pathlib import Path

from pipeline import artifacts, paths, report
from pipeline.report.parts import Part
from pipeline.settings import Settings
from tests import results_tree
from tests.report.test_cards import part
from tests.report.test_view import part as section_part

HEADER = ("model", "split", "metric", "seed", "value")


def keep(dataset: str, wanted: Callable[[dict[str, str]], bool]) -> None:
    """Leave the figures of other fits out, as `evaluate` does of those that diverged."""
    rows = artifacts.read_csv(paths.results(dataset) / "seeds.csv")
    kept = [tuple(row.values()) for row in rows if wanted(row)]
    artifacts.write_csv(paths.results(dataset) / "seeds.csv", HEADER, kept)


def edit(dataset: str, model: str, status: str) -> None:
    path = paths.model(dataset, model) / "model.json"
    seeds = artifacts.read_json(path)["seeds"]
    results_tree.edit_json(path, "seeds", {seed: {**of, "status": status} for seed, of in seeds.items()})


def used(known: Settings, model: str) -> Part:
    return part(report.build(known), model, "How to use it")


def test_a_model_whose_refits_diverged_keeps_its_test_figures_and_can_be_loaded(here: Path) -> None:
    known = results_tree.build(here)
    edit("words", "words-lstm", "diverged at epoch 3 (refit fit)")
    keep("words", lambda row: row["split"] != "train")
    view = report.build(known)
    assert part(view, "words-lstm", "Results").sentences[0].startswith("Means over 3 of 3 seeds, with")
    how = part(view, "words-lstm", "How to use it")
    assert how.code
    assert "every fit to all rows diverged" in how.sentences[1]
    assert part(view, "words-lstm", "Training").sentences[0] == "0 of 3 seeds finished both fits."


def test_models_whose_bytes_hold_on_one_machine_are_named_where_their_results_stand(here: Path) -> None:
    known, why = results_tree.build(here), "native numerics: the same bytes only on the same model of processor"
    assert not any("another machine" in point for point in report.build(known).short.points)
    for model in ("names-lstm", "names-rnn"):
        results_tree.edit_json(paths.model("names", model) / "model.json", "numerics", why)
    view, said = report.build(known), f"trained where the same bytes are not promised ({why}):"
    points = section_part(view, "names", "Results").points
    assert any(point.startswith(f"names-lstm and names-rnn were {said} another machine comes near") for point in points)
    assert not any(said in point for point in section_part(view, "sales", "Results").points)
    assert part(view, "names-rnn", "Training").sentences[1].startswith(f"names-rnn was {said} another machine")
    assert "Of names another machine may not come to the same figures" in view.short.points[-1]


def test_results_whose_bytes_hold_on_one_machine_say_so(here: Path) -> None:
    known, why = results_tree.build(here), "native numerics: the same bytes only on the same model of processor"
    artifacts.write_csv(paths.results("names") / "tables/numerics.csv", ("numerics",), [(why,)])
    view, said = report.build(known), f"The figures were computed where the same bytes are not promised ({why}):"
    assert any(point.startswith(said) for point in section_part(view, "names", "Results").points)
    assert any(point.startswith(said) for point in part(view, "names-rnn", "Results").points)
    assert not any(point.startswith(said) for point in section_part(view, "sales", "Results").points)
    assert view.short.points[-1].startswith("Of names another machine may not come to the same figures")


def test_seeds_are_counted_on_each_split(here: Path) -> None:
    known = results_tree.build(here)
    keep("words", lambda row: row["split"] != "train" or row["seed"] == "2")
    view = report.build(known)
    wanted = "Means over 3 of 3 seeds on validation rows and test rows and 1 of 3 seeds on all rows, with"
    assert part(view, "words-lstm", "Results").sentences[0].startswith(wanted)
    assert part(view, "words-lstm", "How to use it").sentences[0] == "The network of seed 2 answers."


def test_the_first_seed_that_finished_is_named(here: Path) -> None:
    known = results_tree.build(here)
    keep("names", lambda row: row["seed"] != "1")
    wanted = "The networks of seeds 2 and 3 answer together, with their mean; `seed=2` asks the one of seed 2 alone."
    assert used(known, "names-lstm").sentences[0] == wanted


def test_of_one_seed_no_interval_is_promised(here: Path) -> None:
    known = results_tree.build(here, results_tree.PARAMS.replace("[1, 2, 3]", "[7]"))
    view = report.build(known)
    assert part(view, "names-lstm", "Results").sentences[0].startswith("The figures are those of one seed of 1")
    assert part(view, "names-lstm", "How to use it").sentences[0] == "The network of seed 7 answers."
    tables = [table for section in view.sections for each in section.parts for table in each.tables]
    assert not any("interval" in table.caption for table in tables)
