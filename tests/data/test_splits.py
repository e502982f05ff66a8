from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data.splits import split_sizes, stratified_split
from pipeline.params.datasets import WordsParams


def params(validation=0.1, test=0.2, seed=1):
    values = {"format": "words", "raw": "x", "alphabet": "ab", "split_seed": seed, "refit": True}
    return WordsParams(**values, validation=validation, test=test)


def test_sizes_follow_the_shares():
    assert split_sizes(50, params(), "x") == {"train": 35, "validation": 5, "test": 10}


def test_no_rows_are_held_out_if_shares_are_zero():
    assert split_sizes(7, params(0.0, 0.0), "x") == {"train": 7}


@given(st.integers(3, 500), st.floats(0.01, 0.4), st.floats(0.01, 0.4))
def test_sizes_add_up(count, validation, test):
    sizes = split_sizes(max(count, 6), params(validation, test), "x")
    assert sum(sizes.values()) == max(count, 6)
    assert min(sizes.values()) >= 1


@pytest.mark.parametrize(
    ("count", "minimum", "found"),
    [
        (2, 1, "found 2 (0 train, 1 validation, 1 test); wanted at least 1 of each"),
        (0, 1, "found 0 (0 train, 1 validation, 1 test); wanted at least 1 of each"),
        (70, 21, "found 70 (49 train, 7 validation, 14 test); wanted at least 21 of each"),
    ],
)
def test_too_few_rows_are_refused(error_of, count, minimum, found):
    assert error_of(split_sizes, count, params(), "f.txt: words", minimum) == f"f.txt: words: {found}"


rows = st.lists(st.tuples(st.text("abcdefgh", max_size=2), st.sampled_from("AB")), unique=True).filter(
    lambda rows: all(count >= 3 for count in Counter(label for _, label in rows).values()) and rows
)


@given(rows, st.integers(0, 9))
def test_each_row_is_in_one_split_and_no_group_is_divided(rows, seed):
    groups, labels = zip(*rows, strict=True)
    chosen = stratified_split(groups, labels, params(seed=seed), "x")
    assert sorted(np.concatenate(list(chosen.values())).tolist()) == list(range(len(rows)))
    groups_by_split = [{groups[row] for row in part} for part in chosen.values()]
    assert sum(map(len, groups_by_split)) == len(set(groups))


@given(rows, st.randoms(use_true_random=False))
def test_split_does_not_depend_on_the_order_of_the_rows(rows, random):
    shuffled = random.sample(rows, len(rows))

    def split(rows):
        groups, labels = zip(*rows, strict=True)
        return {
            name: {rows[row] for row in part} for name, part in stratified_split(groups, labels, params(), "").items()
        }

    assert split(rows) == split(shuffled)


@given(st.lists(st.sampled_from("ABC"), min_size=1).map(lambda labels: labels + list("ABC") * 3))
def test_labels_without_groups_get_the_exact_sizes(labels):
    groups = [str(row) for row in range(len(labels))]
    chosen = stratified_split(groups, labels, params(), "x")
    for label, count in Counter(labels).items():
        found = {split: sum(labels[row] == label for row in part) for split, part in chosen.items()}
        assert found == split_sizes(count, params(), "x")


def test_label_whose_groups_all_have_other_labels_is_in_every_split():
    groups, labels = [*"xyz", *"xyz", *"uvw"], ["A"] * 3 + ["B"] * 6
    for seed in range(20):
        chosen = stratified_split(groups, labels, params(seed=seed), "x")
        assert all("A" in {labels[row] for row in part} for part in chosen.values())


def test_another_seed_gives_another_split():
    groups = [str(row) for row in range(50)]
    parts = [stratified_split(groups, [""] * 50, params(seed=seed), "x")["test"].tolist() for seed in (1, 1, 2)]
    assert parts[0] == parts[1] != parts[2]


def test_rows_are_in_ascending_order():
    chosen = stratified_split([str(row) for row in range(50)], [""] * 50, params(), "x")
    assert all((np.diff(part) > 0).all() for part in chosen.values())


def test_label_with_too_few_rows_is_refused(error_of):
    message = error_of(stratified_split, ["a", "b", "c", "d"], list("AAAB"), params(), "f.csv: distinct rows of label")
    assert message.startswith("f.csv: distinct rows of label 'B': found 1 (0 train, 1 validation, 1 test); ")
