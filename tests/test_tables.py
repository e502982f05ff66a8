import numpy as np
import pytest

from pipeline.judgement import Judgement, Judgements, Sample
from pipeline.references import BASELINE
from pipeline.tables import tables
from tests import small


def judgements(**models):
    """Make judgements of {model: {seed: {split: predictions}}}, the baseline last."""
    found = [
        Judgement(model, seed, {}, predictions)
        for model, seeds in models.items()
        for seed, predictions in seeds.items()
    ]
    return Judgements((*found, Judgement(BASELINE, 0)))


def refit_words(prepared, best):
    """Predict the letters of all words, in the order of the splits joined."""
    rows = [row[:n] for arrays in prepared.splits.values() for row, n in zip(arrays["symbols"], arrays["lengths"])]  # noqa: B905
    row = np.concatenate([np.full(len(letters) - 1, number) for number, letters in enumerate(rows)])
    truth = np.concatenate([letters[1:] for letters in rows]).astype(int)
    return {"train": {"truth": truth, "row": row, "best": np.full(len(truth), best)}}, [
        prepared.codec.decode(letters) for letters in rows
    ]


def test_each_word_stands_beside_the_letters_in_their_places():
    prepared = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n", refit=True)
    first, words = refit_words(prepared, 0)
    second, _ = refit_words(prepared, 1)
    header, rows = tables(prepared, judgements(one={1: first, 2: second}))["words.csv"]
    assert header == ("model", "word", "output", "correct")
    assert [row[1] for row in rows] == words
    assert [row[2] for row in rows] == ["a" * (len(word) - 1) for word in words]  # of the first seed
    for _, word, _, correct in rows:
        shares = [word[1:].count(letter) / (len(word) - 1) for letter in "ab"]
        assert correct == pytest.approx(np.mean(shares), abs=1e-6)


def test_a_diverged_model_hides_no_other():
    prepared = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n", refit=True)
    refit, _ = refit_words(prepared, 0)
    _, rows = tables(prepared, judgements(lost={1: {}}, found={1: refit}))["words.csv"]
    assert {row[0] for row in rows} == {"found"}


def test_the_confusion_is_summed_over_seeds():
    prepared = small.labelled("".join(f"{letter * n},{letter}\n" for letter in "xy" for n in range(1, 9)))
    truth = np.array([0, 0, 1])
    one, two = (
        {"test": {"truth": truth, "probabilities": np.eye(2)[best]}}
        for best in (np.array([0, 1, 1]), np.array([0, 0, 0]))
    )
    _, rows = tables(prepared, judgements(net={1: one, 2: two, 3: {}}))["confusion.csv"]
    assert rows == [("net", "x", "x", 3), ("net", "x", "y", 1), ("net", "y", "x", 1), ("net", "y", "y", 1)]


def test_probes_run_from_the_smallest_target_to_the_largest():
    prepared = small.pairs("".join(f"{n} 1,{-n}\n" for n in range(20)), refit=True)
    targets = np.concatenate([arrays["targets"] for arrays in prepared.splits.values()])
    seeds = {seed: {"train": {"truth": targets, "predicted": targets + seed}} for seed in (1, 2, 3)}
    _, rows = tables(prepared, judgements(net=seeds))["probes.csv"]
    assert len(rows) == 9
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)
    assert (rows[0][1:3], rows[-1][1:3]) == (("19 1", -19.0), ("0 1", 0.0))
    for _, _, target, mean, low, high in rows:
        assert mean == target + 2
        assert low < mean < high  # numbers below zero too


def test_forecasts_stand_by_date():
    prepared = small.series(range(20))
    test = prepared.splits["test"]["values"]
    net = {seed: {"test": {"truth": test, "predicted": test + seed}} for seed in (1, 3)}
    found = Judgements(
        (
            *judgements(lost={1: {}}, net=net).all[:-1],
            Judgement(BASELINE, 0, {}, {"test": {"truth": test, "predicted": test - 1}}),
        )
    )
    header, rows = tables(prepared, found)["forecast.csv"]
    assert header == ("date", "truth", "baseline", "lost", "net")
    assert rows[0] == ("2020-01-17", 16.0, 15.0, "", 18.0)
    assert len(rows) == 4


def test_samples_are_those_of_the_first_seed_that_wrote():
    prepared = small.text("ab" * 50)
    sample = Sample(0.8, "ab", "abab")
    found = Judgements(
        (Judgement("net", 1), Judgement("net", 2, samples=(sample,)), Judgement("net", 3, samples=(sample,)))
    )
    _, rows = tables(prepared, found)["samples.csv"]
    assert rows == [("net", 2, 0.8, "ab", "abab")]


def test_a_table_without_rows_is_left_out():
    assert tables(small.text("ab" * 50), judgements(lost={1: {}})) == {}
