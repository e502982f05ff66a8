import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.data.formats import prepare
from pipeline.params.datasets import WindowsParams

LETTERS = "abcdefghijklmnopqrstuvwxyz "


def prepare_windows(here, text, **changes):
    (here / "t.txt").write_text(text)
    values = {"format": "windows", "raw": "t.txt", "alphabet": LETTERS, "skip": 0, "limit": 0, "max_megabytes": 1}
    values |= {"width": 4, "stride": 1, "classes": {"vowel": "aeiou", "consonant": "bcdfghjklmnpqrstvwxyz"}}
    values |= {"validation": 0.2, "test": 0.2, "refit": False}
    return prepare("vowels", WindowsParams(**values | changes))


def decode_windows(found, split):
    arrays = found.splits[split]
    return [
        (found.vocabulary.decode(row), found.classes[label])
        for row, label in zip(arrays["symbols"], arrays["labels"], strict=True)
    ]


def test_window_is_labelled_with_the_class_of_the_next_character(here):
    found = prepare_windows(here, "the cat sat on a mat now and then again")
    assert decode_windows(found, "train")[:3] == [("the ", "consonant"), ("he c", "vowel"), ("e ca", "consonant")]
    assert found.classes == ("consonant", "vowel")
    assert found.card.unit == "windows"
    assert set(found.splits["train"]["lengths"]) == {4}
    assert [(issue.found, issue.done) for issue in found.card.issues] == [
        ("6 windows before a character of no class", "left out")
    ]


def test_stride_is_the_distance_between_starts(here):
    found = prepare_windows(here, "abcdefghijklmnopqrstuvwxyzabcdefghij", width=3, stride=5)
    assert [window for window, _ in decode_windows(found, "train")] == ["abc", "fgh", "klm", "pqr"]


def test_each_symbol_of_a_window_has_the_class_of_the_next_character(here):
    found = prepare_windows(here, "the cat sat on a mat now and then again")
    arrays = found.splits["train"]
    assert arrays["following"][0].tolist() == [0, 1, -1, 0]  # of "the ": h, e, a space, and after the window, c
    assert (arrays["following"][:, -1] == arrays["labels"]).all()
    assert (arrays["following"][0, 1:] == arrays["following"][1, :-1]).all()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.integers(60, 90), st.integers(1, 8), st.integers(1, 4))
def test_no_window_and_no_next_character_is_in_another_split(here, length, width, stride):
    text = "".join(map(chr, range(0x4E00, 0x4E00 + length)))  # each symbol once, so that it identifies its position
    classes = {"odd": text[1::2], "even": text[::2]}
    found = prepare_windows(here, text, alphabet=text, classes=classes, width=width, stride=stride)
    ends = [length - 2 * round(length * 0.2), length - round(length * 0.2), length]
    for split, start, end in zip(found.splits, [0, *ends], ends, strict=False):
        positions = [[text.index(symbol) for symbol in window] for window, _ in decode_windows(found, split)]
        assert all(start <= window[0] and window[-1] + 1 < end for window in positions)
        assert [window[0] for window in positions] == list(range(start, end - width, stride))
        assert all(window == list(range(window[0], window[0] + width)) for window in positions)
        labels = [label for _, label in decode_windows(found, split)]
        assert labels == ["odd" if (window[-1] + 1) % 2 else "even" for window in positions]


def test_data_card_counts_the_classes(here):
    found = prepare_windows(here, "banana " * 20)
    labels = [label for split in found.splits for _, label in decode_windows(found, split)]
    assert found.card.classes == {name: labels.count(name) for name in ("consonant", "vowel")}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "short text",
            "characters after cleaning: found 10 (6 train, 2 validation, 2 test); wanted at least 5 of each",
        ),
        (
            "abcdefghijklmnopqrst",
            "characters after cleaning: found 20 (12 train, 4 validation, 4 test); wanted at least 5 of each",
        ),
    ],
)
def test_text_too_short_for_a_window_is_refused(here, error_of, text, found):
    assert error_of(prepare_windows, here, text).startswith(f"t.txt: {found}")


def test_split_without_a_class_is_refused(here, error_of):
    message = error_of(lambda: prepare_windows(here, "b" * 50, classes={"vowel": "aeiou", "y": "y"}))
    assert message.startswith("t.txt: train split of 30 characters: found no window followed by")
