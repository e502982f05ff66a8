import numpy as np
import pytest

from pipeline.evaluation.baselines import classify
from pipeline.evaluation.baselines.base import FitData
from tests.support import small

NAMES = "".join(
    f"{stem}{number}{ending},{ending}\n" for number in range(60) for stem in "xyz" for ending in ("ov", "ez")
)


def fit_data(prepared):
    splits = prepared.splits
    return FitData(prepared.card, splits["train"], splits["train"], splits.get("validation"))


def accuracy(predictions) -> float:
    return float((predictions["probabilities"].argmax(1) == predictions["truth"]).mean())


def test_ngrams_and_suffixes_contain_the_marks():
    start, end = classify.START, classify.END
    assert classify.char_ngrams("a") == [start, "a", end, f"{start}a", f"a{end}", f"{start}a{end}"]
    assert classify.suffixes("ab") == ["b", "ab", f"{start}ab"]
    assert max(map(len, classify.char_ngrams("abcdefghij"))) == 4
    assert classify.suffixes("abcdefghij")[-1] == "cdefghij"


@pytest.mark.parametrize("fit", [classify.ngram_regression, classify.suffix_regression])
def test_texts_are_classified_by_their_ends(fit):
    prepared = small.labelled(NAMES)
    found = fit(fit_data(prepared))(None, prepared.splits["test"])
    assert accuracy(found) == 1.0
    assert found["probabilities"].sum(1) == pytest.approx(np.ones(len(found["truth"])))


def test_only_ngrams_classify_texts_by_their_middle():
    content = "".join(
        f"{a}{b}{middle}{a}{b}{a}{b}{a}{b}{a},{middle}\n" for a in "abcdef" for b in "ghijkl" for middle in "xy"
    )
    prepared = small.labelled(content)
    ngrams, suffixes = (
        accuracy(fit(fit_data(prepared))(None, prepared.splits["test"]))
        for fit in (classify.ngram_regression, classify.suffix_regression)
    )
    assert ngrams > 0.8 > suffixes


def test_each_class_has_its_share_with_one_added_to_the_counts():
    prepared = small.labelled("aa,p\nbb,p\ncc,p\ndd,q\n", validation=0.0, test=0.0, refit=True)
    found = classify.frequent(fit_data(prepared))(None, prepared.splits["train"])
    assert found["probabilities"][0] == pytest.approx([4 / 6, 2 / 6])


@pytest.mark.parametrize("fit", [classify.ngram_regression, classify.suffix_regression])
def test_a_class_without_training_rows_is_not_impossible(fit):
    prepared = small.labelled(NAMES)
    known = {name: array[prepared.splits["train"]["labels"] == 0] for name, array in prepared.splits["train"].items()}
    found = fit(FitData(prepared.card, known, known, None))(None, prepared.splits["test"])
    assert (found["probabilities"] > 0).all()
    assert found["probabilities"].sum(1) == pytest.approx(np.ones(len(found["truth"])))


def test_a_baseline_gives_the_same_bytes_again():
    prepared = small.labelled(NAMES)
    first, second = (classify.ngram_regression(fit_data(prepared))(None, prepared.splits["test"]) for _ in range(2))
    assert first["probabilities"].tobytes() == second["probabilities"].tobytes()
