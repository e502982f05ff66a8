import numpy as np
import pytest

from pipeline.baselines import classify
from pipeline.baselines.learning import Lesson
from tests import small

NAMES = "".join(
    f"{stem}{number}{ending},{ending}\n" for number in range(60) for stem in "xyz" for ending in ("ov", "ez")
)


def lesson(prepared):
    splits = prepared.splits
    return Lesson(prepared.card, splits["train"], splits["train"], splits.get("validation"))


def hits(found) -> float:
    return float((found["probabilities"].argmax(1) == found["truth"]).mean())


def test_runs_and_endings_are_marked():
    start, end = classify.START, classify.END
    assert classify.runs("a") == [start, "a", end, f"{start}a", f"a{end}", f"{start}a{end}"]
    assert classify.endings("ab") == ["b", "ab", f"{start}ab"]
    assert max(map(len, classify.runs("abcdefghij"))) == 4
    assert classify.endings("abcdefghij")[-1] == "cdefghij"


@pytest.mark.parametrize("fit", [classify.by_runs, classify.by_endings])
def test_texts_are_told_by_their_ends(fit):
    prepared = small.labelled(NAMES)
    found = fit(lesson(prepared))(None, prepared.splits["test"])
    assert hits(found) == 1.0
    assert found["probabilities"].sum(1) == pytest.approx(np.ones(len(found["truth"])))


def test_only_runs_tell_texts_by_their_middle():
    content = "".join(
        f"{a}{b}{middle}{a}{b}{a}{b}{a}{b}{a},{middle}\n" for a in "abcdef" for b in "ghijkl" for middle in "xy"
    )
    prepared = small.labelled(content)
    by_runs, by_endings = (
        hits(fit(lesson(prepared))(None, prepared.splits["test"])) for fit in (classify.by_runs, classify.by_endings)
    )
    assert by_runs > 0.8 > by_endings


def test_the_most_frequent_class_has_its_share_plus_one():
    prepared = small.labelled("aa,p\nbb,p\ncc,p\ndd,q\n", validation=0.0, test=0.0, refit=True)
    found = classify.frequent(lesson(prepared))(None, prepared.splits["train"])
    assert found["probabilities"][0] == pytest.approx([4 / 6, 2 / 6])


@pytest.mark.parametrize("fit", [classify.by_runs, classify.by_endings])
def test_a_class_without_training_rows_is_not_impossible(fit):
    prepared = small.labelled(NAMES)
    known = {name: array[prepared.splits["train"]["labels"] == 0] for name, array in prepared.splits["train"].items()}
    found = fit(Lesson(prepared.card, known, known, None))(None, prepared.splits["test"])
    assert (found["probabilities"] > 0).all()
    assert found["probabilities"].sum(1) == pytest.approx(np.ones(len(found["truth"])))


def test_a_baseline_gives_the_same_bytes_again():
    prepared = small.labelled(NAMES)
    first, second = (classify.by_runs(lesson(prepared))(None, prepared.splits["test"]) for _ in range(2))
    assert first["probabilities"].tobytes() == second["probabilities"].tobytes()
