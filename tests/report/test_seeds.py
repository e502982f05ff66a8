"""Model cards where seeds or fits diverged, with one seed, and where results are not portable."""

from collections.abc import Callable
from pathlib import Path

from pipeline import files, paths, report
from pipeline.determinism import DESCRIPTIONS
from pipeline.params import Params
from pipeline.report.parts import Part
from tests.report.test_model_card import part
from tests.report.test_sections import part as section_part
from tests.support import results_tree

HEADER = ("model", "split", "metric", "seed", "value")


def keep(dataset: str, wanted: Callable[[dict[str, str]], bool]) -> None:
    """Remove the results of other fits, as `evaluate` does where they diverged."""
    rows = files.read_csv(paths.results(dataset) / "seeds.csv")
    kept = [tuple(row.values()) for row in rows if wanted(row)]
    files.write_csv(paths.results(dataset) / "seeds.csv", HEADER, kept)


def set_status(dataset: str, model: str, status: str) -> None:
    path = paths.model(dataset, model) / "model.json"
    seeds = files.read_json(path)["seeds"]
    results_tree.edit_json(path, "seeds", {seed: {**of, "status": status} for seed, of in seeds.items()})


def usage(known: Params, model: str) -> Part:
    return part(report.build(known), model, "Usage")


def test_a_model_whose_refits_diverged_keeps_its_test_results_and_can_be_loaded(here: Path) -> None:
    known = results_tree.build(here)
    set_status("words", "words-lstm", "diverged at epoch 3 (refit fit)")
    keep("words", lambda row: row["split"] != "all_rows")
    view = report.build(known)
    assert part(view, "words-lstm", "Results").sentences[0].startswith("Means over 3 of 3 seeds, with")
    found = part(view, "words-lstm", "Usage")
    assert found.code
    assert "every fit to all rows diverged" in found.sentences[1]
    wanted = "0 of 3 seeds finished both fits (to the training rows, and to all rows)."
    assert part(view, "words-lstm", "Training").sentences[0] == wanted


def test_models_that_were_not_trained_portably_are_named_with_their_results(here: Path) -> None:
    known, native = results_tree.build(here), DESCRIPTIONS["native"]
    assert not any("another machine" in point for point in report.build(known).overview.points)
    for model in ("names-lstm", "names-rnn"):
        results_tree.edit_json(paths.model("names", model) / "model.json", "reproducibility", "native")
    view, sentence = report.build(known), f"is not portable: it gives {native}. Another machine comes close"
    points = section_part(view, "names", "Results").points
    assert any(point.startswith(f"The training of names-lstm and names-rnn {sentence}") for point in points)
    assert not any(sentence in point for point in section_part(view, "sales", "Results").points)
    assert part(view, "names-rnn", "Training").sentences[1].startswith(f"The training of names-rnn {sentence}")
    assert view.overview.points[-1].startswith(f"Not all results of names are portable ({DESCRIPTIONS['portable']}): ")


def test_an_evaluation_that_is_not_portable_says_so(here: Path) -> None:
    known = results_tree.build(here)
    table = paths.results("names") / "tables/reproducibility.csv"
    files.write_csv(table, ("reproducibility",), [("same device",)])
    view, sentence = report.build(known), f"The evaluation is not portable: it gives {DESCRIPTIONS['same device']}."
    assert any(point.startswith(sentence) for point in section_part(view, "names", "Results").points)
    assert any(point.startswith(sentence) for point in part(view, "names-rnn", "Results").points)
    assert not any(point.startswith(sentence) for point in section_part(view, "sales", "Results").points)
    assert view.overview.points[-1].startswith("Not all results of names are portable")


def test_seeds_are_counted_on_each_split(here: Path) -> None:
    known = results_tree.build(here)
    keep("words", lambda row: row["split"] != "all_rows" or row["seed"] == "2")
    view = report.build(known)
    wanted = "Means over 3 of 3 seeds on validation rows and test rows and 1 of 3 seeds on all rows, with"
    assert part(view, "words-lstm", "Results").sentences[0].startswith(wanted)
    assert part(view, "words-lstm", "Usage").sentences[0] == "Predictions come from the network of seed 2."


def test_the_first_seed_that_finished_is_named(here: Path) -> None:
    known = results_tree.build(here)
    keep("names", lambda row: row["seed"] != "1")
    wanted = (
        "Predictions come from the ensemble of seeds 2 and 3 (the mean over their networks); "
        "`seed=2` loads the network of seed 2 alone."
    )
    assert usage(known, "names-lstm").sentences[0] == wanted


def test_one_seed_has_no_interval(here: Path) -> None:
    known = results_tree.build(here, results_tree.PARAMS.replace("[1, 2, 3]", "[7]"))
    view = report.build(known)
    assert part(view, "names-lstm", "Results").sentences[0].startswith("The results are those of one seed of 1")
    assert part(view, "names-lstm", "Usage").sentences[0] == "Predictions come from the network of seed 7."
    tables = [table for section in view.sections for each in section.parts for table in each.tables]
    assert not any("interval" in table.caption for table in tables)
