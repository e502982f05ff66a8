from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets.splitting import sizes, stratified
from pipeline.settings import WordsSettings


def settings(validation=0.1, test=0.2, seed=1):
    values = {"format": "words", "raw": "x", "alphabet": "ab", "split_seed": seed, "refit": True}
    return WordsSettings(**values, validation=validation, test=test)


def test_sizes_follow_the_shares():
    assert sizes(50, settings(), "x") == {"train": 35, "validation": 5, "test": 10}


def test_nothing_is_held_out_without_shares():
    assert sizes(7, settings(0.0, 0.0), "x") == {"train": 7}


@given(st.integers(3, 500), st.floats(0.01, 0.4), st.floats(0.01, 0.4))
def test_sizes_add_up(count, validation, test):
    shared = sizes(max(count, 6), settings(validation, test), "x")
    assert sum(shared.values()) == max(count, 6)
    assert min(shared.values()) >= 1


@pytest.mark.parametrize(
    ("count", "least", "found"),
    [
        (2, 1, "found 2 (0 train, 1 validation, 1 test); wanted at least 1 of each"),
        (0, 1, "found 0 (0 train, 1 validation, 1 test); wanted at least 1 of each"),
        (70, 21, "found 70 (49 train, 7 validation, 14 test); wanted at least 21 of each"),
    ],
)
def test_too_few_rows_are_refused(fault, count, least, found):
    assert fault(sizes, count, settings(), "f.txt: words", least) == f"f.txt: words: {found}"


rows = st.lists(st.tuples(st.text("abcdefgh", max_size=2), st.sampled_from("AB")), unique=True).filter(
    lambda rows: all(count >= 3 for count in Counter(label for _, label in rows).values()) and rows
)


@given(rows, st.integers(0, 9))
def test_no_row_is_lost_and_no_group_is_torn(rows, seed):
    groups, labels = zip(*rows, strict=True)
    chosen = stratified(groups, labels, settings(seed=seed), "x")
    assert sorted(np.concatenate(list(chosen.values())).tolist()) == list(range(len(rows)))
    sides = [{groups[row] for row in part} for part in chosen.values()]
    assert sum(map(len, sides)) == len(set(groups))


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows, random):
    mixed = random.sample(rows, len(rows))

    def split(rows):
        groups, labels = zip(*rows, strict=True)
        return {name: {rows[row] for row in part} for name, part in stratified(groups, labels, settings(), "").items()}

    assert split(rows) == split(mixed)


@given(st.lists(st.sampled_from("ABC"), min_size=1).map(lambda labels: labels + list("ABC") * 3))
def test_labels_without_shared_groups_are_shared_out_exactly(labels):
    groups = [str(row) for row in range(len(labels))]
    chosen = stratified(groups, labels, settings(), "x")
    for label, count in Counter(labels).items():
        found = {split: sum(labels[row] == label for row in part) for split, part in chosen.items()}
        assert found == sizes(count, settings(), "x")


def test_a_label_of_shared_groups_alone_reaches_every_split():
    groups, labels = [*"xyz", *"xyz", *"uvw"], ["A"] * 3 + ["B"] * 6
    for seed in range(20):
        chosen = stratified(groups, labels, settings(seed=seed), "x")
        assert all("A" in {labels[row] for row in part} for part in chosen.values())


def test_another_seed_is_another_split():
    groups = [str(row) for row in range(50)]
    parts = [stratified(groups, [""] * 50, settings(seed=seed), "x")["test"].tolist() for seed in (1, 1, 2)]
    assert parts[0] == parts[1] != parts[2]


def test_rows_stay_in_their_order():
    chosen = stratified([str(row) for row in range(50)], [""] * 50, settings(), "x")
    assert all((np.diff(part) > 0).all() for part in chosen.values())


def test_a_label_with_too_few_rows_is_named(fault):
    message = fault(stratified, ["a", "b", "c", "d"], list("AAAB"), settings(), "f.csv: distinct rows of label")
    assert message.startswith("f.csv: distinct rows of label 'B': found 1 (0 train, 1 validation, 1 test); ")
