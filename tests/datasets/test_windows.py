import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from pipeline.datasets.formats import prepare
from pipeline.settings import WindowsSettings

LETTERS = "abcdefghijklmnopqrstuvwxyz "


def prepared(here, text, **changed):
    (here / "t.txt").write_text(text)
    values = {"format": "windows", "raw": "t.txt", "alphabet": LETTERS, "skip": 0, "limit": 0, "megabytes": 1}
    values |= {"width": 4, "stride": 1, "classes": {"vowel": "aeiou", "consonant": "bcdfghjklmnpqrstvwxyz"}}
    values |= {"validation": 0.2, "test": 0.2, "refit": False}
    return prepare("vowels", WindowsSettings(**values | changed))


def windows_of(found, split):
    arrays = found.splits[split]
    return [
        (found.codec.decode(row), found.classes[label])
        for row, label in zip(arrays["symbols"], arrays["labels"], strict=True)
    ]


def test_each_window_bears_the_class_of_its_follower(here):
    found = prepared(here, "the cat sat on a mat now and then again")
    assert windows_of(found, "train")[:3] == [("the ", "consonant"), ("he c", "vowel"), ("e ca", "consonant")]
    assert found.classes == ("consonant", "vowel")
    assert found.card.unit == "windows"
    assert set(found.splits["train"]["lengths"]) == {4}


def test_the_stride_parts_the_starts(here):
    found = prepared(here, "abcdefghijklmnopqrstuvwxyzabcdefghij", width=3, stride=5)
    assert [window for window, _ in windows_of(found, "train")] == ["abc", "fgh", "klm", "pqr"]


def test_each_symbol_of_a_window_bears_the_class_of_its_follower(here):
    found = prepared(here, "the cat sat on a mat now and then again")
    arrays = found.splits["train"]
    assert arrays["following"][0].tolist() == [0, 1, -1, 0]  # of "the ": h, e, a space, and the window's own, c
    assert (arrays["following"][:, -1] == arrays["labels"]).all()
    assert (arrays["following"][0, 1:] == arrays["following"][1, :-1]).all()


@trying(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.integers(60, 90), st.integers(1, 8), st.integers(1, 4))
def test_no_window_nor_follower_crosses_into_another_split(here, length, width, stride):
    text = "".join(map(chr, range(0x4E00, 0x4E00 + length)))  # each symbol once: it tells its place
    classes = {"odd": text[1::2], "even": text[::2]}
    found = prepared(here, text, alphabet=text, classes=classes, width=width, stride=stride)
    ends = [length - 2 * round(length * 0.2), length - round(length * 0.2), length]
    for split, start, end in zip(found.splits, [0, *ends], ends, strict=False):
        places = [[text.index(symbol) for symbol in window] for window, _ in windows_of(found, split)]
        assert all(start <= place[0] and place[-1] + 1 < end for place in places)
        assert [place[0] for place in places] == list(range(start, end - width, stride))
        assert all(place == list(range(place[0], place[0] + width)) for place in places)
        followers = [label for _, label in windows_of(found, split)]
        assert followers == ["odd" if (place[-1] + 1) % 2 else "even" for place in places]


def test_the_card_counts_the_classes(here):
    found = prepared(here, "banana " * 20)
    labels = [label for split in found.splits for _, label in windows_of(found, split)]
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
def test_a_text_too_short_for_one_window_is_refused(here, fault, text, found):
    assert fault(prepared, here, text).startswith(f"t.txt: {found}")


def test_a_split_without_any_class_is_refused(here, fault):
    message = fault(lambda: prepared(here, "b" * 50, classes={"vowel": "aeiou", "y": "y"}))
    assert message.startswith("t.txt: train split of 30 characters: found no window followed by")
