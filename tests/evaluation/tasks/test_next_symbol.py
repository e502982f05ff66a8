import numpy as np
import pytest

from pipeline.evaluation.results import Evaluation, Evaluations, Sample
from pipeline.evaluation.tables import make_tables
from pipeline.evaluation.tasks.next_symbol import TASK
from tests.support import small
from tests.support.evaluations import evaluations


@pytest.fixture(scope="module")
def words():
    return small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n").card


@pytest.fixture(scope="module")
def text():
    return small.text("abab" * 20 + "axabax").card


def letters(truth, best, **others):
    return {"truth": np.array(truth), "best": np.array(best), "nll": np.zeros(len(truth)), **others}


def test_a_perfect_model_of_words(words):
    found = letters([1, 2, 0], [1, 2, 0], row=np.array([0, 1, 1]), step=np.array([1, 1, 2]))
    assert TASK.compute(found, words) == {
        "letter_accuracy": 1,
        "final_letter_accuracy": 1,
        "perplexity": 1,
        "bits_per_symbol": 0,
        "loss": 0,
    }


def test_final_letters_are_the_last_of_each_word(words):
    row, step = np.array([0, 1, 1, 2, 2, 2]), np.array([1, 1, 2, 1, 2, 3])
    found = TASK.compute(letters([0, 1, 2, 1, 1, 1], [0, 0, 2, 0, 0, 0], row=row, step=step), words)
    assert found["letter_accuracy"] == pytest.approx(2 / 6)
    assert found["final_letter_accuracy"] == pytest.approx(2 / 3)  # rows 0 and 1, not row 2


def test_predicting_the_unknown_token_is_never_correct(text):
    assert text.unknown == 0
    assert TASK.compute(letters([1, 0, 2, 0], [1, 0, 1, 0]), text)["accuracy"] == 0.25


def test_symbol_0_counts_where_there_is_no_unknown_token(words):
    assert words.unknown is None
    assert TASK.compute(letters([0, 0], [0, 0], row=np.array([0, 1])), words)["letter_accuracy"] == 1


def test_metrics_of_a_text_are_of_its_symbols(text):
    found = TASK.compute({"truth": np.array([1, 2]), "best": np.array([1, 1]), "nll": np.log([2.0, 8.0])}, text)
    assert found["accuracy"] == 0.5
    assert found["perplexity"] == pytest.approx(4)
    assert found["bits_per_symbol"] == pytest.approx(2)
    assert next(iter(found)) == "perplexity"  # the primary metric


@pytest.mark.parametrize(
    ("truth", "nll", "known"),
    [([1, 2, 0], [2.0, 8.0, 500.0], 4), ([1, 2, 1], [2.0, 8.0, 500.0], None), ([0, 0, 0], [2.0, 8.0, 500.0], None)],
    ids=["some unknown", "none unknown", "all unknown"],
)
def test_symbols_of_the_vocabulary_have_a_perplexity_of_their_own_beside_others(text, truth, nll, known):
    found = TASK.compute(letters(truth, truth) | {"nll": np.log(nll)}, text)
    assert found["perplexity"] == pytest.approx(20)
    assert found.get("perplexity_known") == (known and pytest.approx(known))
    assert set(found) <= {metric.name for metric in TASK.metrics}


def words_of_all_rows(prepared, best):
    """Predict the letters of all words, in the order of the splits joined."""
    rows = [row[:n] for arrays in prepared.splits.values() for row, n in zip(arrays["symbols"], arrays["lengths"])]  # noqa: B905
    row = np.concatenate([np.full(len(letters) - 1, number) for number, letters in enumerate(rows)])
    truth = np.concatenate([letters[1:] for letters in rows]).astype(int)
    return {"all_rows": {"truth": truth, "row": row, "best": np.full(len(truth), best)}}, [
        prepared.vocabulary.decode(letters) for letters in rows
    ]


def test_each_word_is_listed_with_its_predicted_letters():
    prepared = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n", refit=True)
    found, words = words_of_all_rows(prepared, 0)
    header, rows = make_tables(TASK.tables, prepared, evaluations(one=found))["words.csv"]
    assert header == ("model", "word", "output", "correct")
    assert [row[1] for row in rows] == words
    assert [row[2] for row in rows] == ["a" * (len(word) - 1) for word in words]
    for _, word, _, correct in rows:
        assert correct == pytest.approx(word[1:].count("a") / (len(word) - 1), abs=1e-6)


def test_other_models_are_listed_beside_a_diverged_one():
    prepared = small.words("ab\nba\ncab\nabc\ncba\nbac\nacb\n", refit=True)
    found, _ = words_of_all_rows(prepared, 0)
    _, rows = make_tables(TASK.tables, prepared, evaluations(lost={}, found=found))["words.csv"]
    assert {row[0] for row in rows} == {"found"}


def test_samples_are_listed_by_model():
    prepared = small.text("ab" * 50)
    found = Evaluations((Evaluation("lost"), Evaluation("net", samples=(Sample(0.8, "ab", "abab"),))))
    _, rows = make_tables(TASK.tables, prepared, found)["samples.csv"]
    assert rows == [("net", 0.8, "ab", "abab")]


def test_words_are_ranked_by_loss_on_all_rows_and_by_letters_on_test_rows():
    measured = ("perplexity", "loss", "letter_accuracy")
    assert TASK.choose_primary("all_rows", measured) == "loss"
    assert TASK.choose_primary("test", measured) == "letter_accuracy"
    assert TASK.choose_primary("test", measured[:2]) == "perplexity"
    assert TASK.choose_primary("test", ("accuracy", "bits_per_symbol")) == "accuracy"  # the first, if there is none
