"""What the report makes of results that the evaluated project does not have."""

import re
import shutil
from dataclasses import replace

import pytest

from pipeline import paths, report
from pipeline.determinism import DESCRIPTIONS
from pipeline.errors import DataError
from pipeline.evaluation import metrics
from pipeline.params import load_params
from pipeline.report import details, model_card, published, ranking, recommendations, result_tables
from tests.report.conftest import by_heading
from tests.support.project import DIVERGED


def changed(results, *pairs, **accuracies):
    """Return results with comparisons such as `a b yes`, of models with these accuracies on held-out rows.

    An accuracy is that on validation and test rows, or a pair of both.
    """
    each = {name.replace("_", "-"): of if isinstance(of, tuple) else (of, of) for name, of in accuracies.items()}
    metrics = {
        name: {split: {"accuracy": {"value": value}} for split, value in zip(("validation", "test"), of, strict=True)}
        for name, of in each.items()
    }
    interval = {"difference": "0.1", "low": "0.1", "high": "0.2"}
    rows = [dict(zip(("better", "worse", "significant"), pair.split(), strict=True)) | interval for pair in pairs]
    order = sorted((name for name in each if name in results.models), key=lambda name: -each[name][0])
    about = results.about.model_copy(update={"ranking": tuple(order)})
    return replace(results, about=about, metrics=metrics, tables={"comparisons": rows})


@pytest.fixture
def names(read):
    return read("names")


def card(results, model):
    return by_heading(model_card.build(results, published.read(), model).parts)


def test_a_model_that_diverged_is_last(names, read):
    assert ranking.best(changed(names, names_lstm=(0.6, 0.4), names_rnn=(0.5, 0.9))) == "names-lstm"
    assert ranking.ranked(read("sales"))[-1] == DIVERGED


@pytest.mark.parametrize(
    ("pairs", "wanted"),
    [
        (("names-lstm baseline yes", "names-rnn baseline no"), "The best model is significantly better .* on names"),
        (("names-lstm baseline no", "baseline names-rnn yes"), "does not differ significantly .* on names"),
        (("baseline names-lstm yes", "names-rnn baseline no"), "baseline is .* better .* but not than every model"),
        (("baseline names-lstm yes", "baseline names-rnn yes"), "baseline is .* better .* than every model on names"),
        ((), "No model could be compared with the baseline on names"),
    ],
)
def test_the_overview_says_how_the_best_model_compares_with_the_baseline(names, pairs, wanted):
    (found,) = recommendations.describe_overall([changed(names, *pairs, names_lstm=0.6, names_rnn=0.5, baseline=0.4)])
    assert re.search(wanted, found)


def test_the_recommendation_compares_the_best_model_and_names_a_smaller_one_that_is_as_good(names):
    pairs = ("names-lstm names-rnn no", "names-lstm baseline yes")
    results = changed(names, *pairs, names_lstm=0.6, names_rnn=0.5, baseline=0.4)
    first, warning, better, similar, smaller = recommendations.part(results).points
    assert first.startswith("On 12 held-out texts: names-lstm is the best model")
    assert warning.startswith("Warning: names-lstm did not learn from 1 of 2 seeds")
    assert better == "names-lstm is significantly better than the baseline (by 10 to 20 points of accuracy)."
    assert similar == "names-lstm does not differ significantly in accuracy from names-rnn."
    assert smaller.startswith("names-rnn, which does not differ significantly from it, has fewer parameters: ")


def test_baselines_are_named_with_the_networks_that_are_worse(names):
    results = changed(names, names_lstm=0.6, names_rnn=0.5, baseline=0.7, baseline_frequent=0.55)
    strong, weak = recommendations.part(results).points[-2:]
    assert re.match(r"The baseline, .* \(accuracy 0.700\), has a better figure than every model", strong)
    assert re.match(r"baseline-frequent, .* \(accuracy 0.550\), has a better figure than names-rnn\.", weak)
    better = {model: card(results, model)["Limitations"].count("without a network") for model in results.models}
    assert better == {"names-lstm": 1, "names-rnn": 2}
    assert "without a network" not in card(changed(names, names_lstm=0.6, baseline=0.7, names_rnn=0.8), "names-rnn")


@pytest.mark.parametrize(("total", "warned"), [(503.0, True), (330.0, False)])
def test_a_perplexity_that_unknown_symbols_distort_has_a_warning(read, total, warned):
    results = read("lyrics")
    values = {"perplexity": {"value": total}, "perplexity_known": {"value": 307.0}}
    known = {**results.about.metrics, "perplexity_known": metrics.PERPLEXITY_KNOWN}
    results = replace(
        results,
        about=results.about.model_copy(update={"metrics": known}),
        metrics={**results.metrics, "lyrics-lstm": {"validation": values, "test": values}},
    )
    page, limits = by_heading([result_tables.part(results)])["Results"], card(results, "lyrics-lstm")["Limitations"]
    assert "lyrics-lstm | 503 |" in page or not warned
    assert bool(re.search("Warning: symbols .* lyrics-lstm 503, of known symbols alone 307", page)) is warned
    assert bool(re.search("distort its perplexity on 110 .*: 503, of known symbols alone 307", limits)) is warned


@pytest.mark.parametrize(
    ("lost", "heading", "wanted"),
    [
        (("all_rows 1", "all_rows 2"), "Results", "^The figures are those of the ensemble of 2 of 2 seeds. An"),
        (("all_rows 1", "all_rows 2"), "Usage", "all seeds .* alone.\n(?!This loads)"),
        (("test 1", "test 2"), "Usage", "^It cannot be loaded"),
        (("all_rows 1",), "Results", "2 of 2 seeds on validation rows and test rows and 1 of 2 seeds on all rows"),
        (("test 1",), "Usage", "^Predictions come from the network of seed 2"),
    ],
)
def test_fits_that_diverged_are_left_out(read, lost, heading, wanted):
    results = read("words")
    values = [row for row in results.values if f"{row['split']} {row['seed']}" not in lost]
    assert re.search(wanted, card(replace(results, values=values), "words-lstm")[heading])


def test_models_that_were_not_trained_portably_are_named(names, read):
    models = {name: replace(of, reproducibility="native") for name, of in names.models.items()}
    results = replace(names, models=models)
    section = by_heading([result_tables.part(results)])["Results"]
    assert f"names-lstm and names-rnn is not portable: it gives {DESCRIPTIONS['native']}" in section
    assert "The training of names-rnn is not portable" in card(results, "names-rnn")["Training"]
    *_, last = recommendations.describe_overall([read("sales"), results])
    assert last.startswith(f"Not all results of names are portable ({DESCRIPTIONS['portable']}): ")
    assert not any("portable" in sentence for sentence in recommendations.describe_overall([names]))


def test_an_evaluation_that_is_not_portable_says_so(names):
    results = replace(names, about=names.about.model_copy(update={"reproducibility": "same device"}))
    wanted = f"The evaluation is not portable: it gives {DESCRIPTIONS['same device']}."
    assert wanted in by_heading([result_tables.part(results)])["Results"]
    assert wanted in card(results, "names-rnn")["Results"]
    assert "not portable" not in card(names, "names-rnn")["Results"]


def test_wrong_letters_of_a_word_are_marked(read):
    words = [("beach", "each", "1.0"), ("story", "toxy", "0.75")]
    rows = [{"model": "words-lstm", "word": word, "output": output, "correct": share} for word, output, share in words]
    found = by_heading(details.parts(replace(read("words"), tables={"words": rows})))["Word by word"]
    assert found.endswith("beach | beach | 100 %\nstory | sto[x]y | 75 %")


def test_the_worst_confusions_are_shares_of_the_true_class():
    counts = (("Czech", "Polish", 4), ("Czech", "Czech", 40), ("Irish", "Czech", 1), ("Irish", "Irish", 9))
    rows = [{"truth": truth, "prediction": prediction, "count": str(count)} for truth, prediction, count in counts]
    assert details.worst_confusions(rows) == ["10 % of Irish classified as Czech", "9 % of Czech classified as Polish"]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ('{"names-lstm": {}}', "no results of model names-rnn; run `dvc repro`"),
        (None, "metrics.json: no such file; run `dvc repro`"),
    ],
)
def test_the_error_of_missing_results_names_the_cure(evaluated_project, here, content, wanted):
    shutil.copytree(evaluated_project, here, dirs_exist_ok=True)
    metrics = paths.results("names") / "metrics.json"
    metrics.unlink() if content is None else metrics.write_text(content)
    with pytest.raises(DataError, match=wanted):
        report.build(load_params())
