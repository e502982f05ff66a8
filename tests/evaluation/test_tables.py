import numpy as np
import pytest

from pipeline.evaluation.results import Evaluation, Evaluations, Sample
from pipeline.evaluation.tables import make_tables
from pipeline.params.schema import BASELINE
from tests.support import small


def evaluations(**models):
    """Make evaluations of {model: {seed: {split: predictions}}}, the baseline last."""
    found = [
        Evaluation(model, seed, {}, predictions)
        for model, seeds in models.items()
        for seed, predictions in seeds.items()
    ]
    return Evaluations((*found, Evaluation(BASELINE, 0)))


def refit_words(prepared, best):
    """Predict the letters of all words, in the order of the splits joined."""
    rows = [row[:n] for arrays in prepared.splits.values() for row, n in zip(arrays["symbols"], arrays["lengths"])]  # noqa: B905
    row = np.concatenate([np.full(len(letters) - 1, number) for number, letters in enumerate(rows)])
    truth = np.concatenate([letters[1:] for letters in rows]).astype(int)
    return {"all_rows": {"truth": truth, "row": row, "best": np.full(len(truth), best)}}, [
        prepared.vocabulary.decode(letters) for letters in rows
    ]


def test_each_word_is_listed_with_its_predicted_letters():
    prepared = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n", refit=True)
    first, words = refit_words(prepared, 0)
    second, _ = refit_words(prepared, 1)
    header, rows = make_tables(prepared, evaluations(one={1: first, 2: second}))["words.csv"]
    assert header == ("model", "word", "output", "correct")
    assert [row[1] for row in rows] == words
    assert [row[2] for row in rows] == ["a" * (len(word) - 1) for word in words]  # of the first seed
    for _, word, _, correct in rows:
        shares = [word[1:].count(letter) / (len(word) - 1) for letter in "ab"]
        assert correct == pytest.approx(np.mean(shares), abs=1e-6)


def test_other_models_are_listed_beside_a_diverged_one():
    prepared = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n", refit=True)
    refit, _ = refit_words(prepared, 0)
    _, rows = make_tables(prepared, evaluations(lost={1: {}}, found={1: refit}))["words.csv"]
    assert {row[0] for row in rows} == {"found"}


def test_the_confusion_is_summed_over_seeds():
    prepared = small.labelled("".join(f"{letter * n},{letter}\n" for letter in "xy" for n in range(1, 9)))
    truth = np.array([0, 0, 1])
    one, two = (
        {"test": {"truth": truth, "probabilities": np.eye(2)[best]}}
        for best in (np.array([0, 1, 1]), np.array([0, 0, 0]))
    )
    _, rows = make_tables(prepared, evaluations(net={1: one, 2: two, 3: {}}))["confusion.csv"]
    assert rows == [("net", "x", "x", 3), ("net", "x", "y", 1), ("net", "y", "x", 1), ("net", "y", "y", 1)]


def test_probes_go_from_the_smallest_target_to_the_largest():
    prepared = small.pairs("".join(f"{n} 1,{-n}\n" for n in range(20)), refit=True)
    targets = np.concatenate([arrays["targets"] for arrays in prepared.splits.values()])
    seeds = {seed: {"all_rows": {"truth": targets, "predicted": targets + seed}} for seed in (1, 2, 3)}
    _, rows = make_tables(prepared, evaluations(net=seeds))["probes.csv"]
    assert len(rows) == 9
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)
    assert (rows[0][1:3], rows[-1][1:3]) == (("19 1", -19.0), ("0 1", 0.0))
    for _, _, target, mean, low, high in rows:
        assert mean == target + 2
        assert low < mean < high  # numbers below zero too


def test_forecasts_are_listed_by_date():
    prepared = small.series(range(20))
    test = prepared.splits["test"]["values"]
    net = {seed: {"test": {"truth": test, "predicted": test + seed}} for seed in (1, 3)}
    found = Evaluations(
        (
            *evaluations(lost={1: {}}, net=net).all[:-1],
            Evaluation(BASELINE, 0, {}, {"test": {"truth": test, "predicted": test - 1}}),
        )
    )
    header, rows = make_tables(prepared, found)["forecast.csv"]
    assert header == ("date", "truth", "baseline", "lost", "net")
    assert rows[0] == ("2020-01-17", 16.0, 15.0, "", 18.0)
    assert len(rows) == 4


def test_samples_are_those_of_the_first_seed_that_generated_any():
    prepared = small.text("ab" * 50)
    sample = Sample(0.8, "ab", "abab")
    found = Evaluations(
        (Evaluation("net", 1), Evaluation("net", 2, samples=(sample,)), Evaluation("net", 3, samples=(sample,)))
    )
    _, rows = make_tables(prepared, found)["samples.csv"]
    assert rows == [("net", 2, 0.8, "ab", "abab")]


def test_a_table_without_rows_is_left_out():
    assert make_tables(small.text("ab" * 50), evaluations(lost={1: {}})) == {}
