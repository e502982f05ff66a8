"""What is wrong with one value is told in one line with its path."""

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.settings.params import RAW, changed, faults, leaves


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("models.words-lstm.hiden", 5, "models.words-lstm.hiden: unknown key; remove it or correct its spelling"),
        ("models.words-lstm.cell", ..., "models.words-lstm.cell: missing; add it"),
        ("models.words-lstm.hidden", "x", "models.words-lstm.hidden: found 'x'; wanted a whole number or a list"),
        ("models.binary-lstm.hidden", [1, "x"], "models.binary-lstm.hidden.1: found 'x'; wanted a whole number"),
        ("models.words-lstm.hidden", 0, "models.words-lstm.hidden: found 0; wanted greater than 0 or a list"),
        ("models.words-lstm.hidden", [4, 5], "models.words-lstm: hidden lists 2 sizes for 1 layers"),
        ("models.words-lstm.rate", "1e-3", "models.words-lstm.rate: found '1e-3'; wanted a number"),
        ("models.words-lstm.rate", None, "models.words-lstm.rate: found nothing; wanted a number"),
        ("models.words-lstm.rate", float("nan"), "models.words-lstm.rate: found nan; wanted a finite number"),
        ("models.words-lstm.rate", float("inf"), "models.words-lstm.rate: found inf; wanted a finite number"),
        ("models.words-lstm.rate", 0, "models.words-lstm.rate: found 0; wanted greater than 0"),
        ("models.words-lstm.batch", 32.0, "models.words-lstm.batch: found 32.0; wanted a whole number"),
        ("models.words-lstm.batch", True, "models.words-lstm.batch: found True; wanted a whole number"),
        (
            "models.words-lstm.cell",
            "LSTM",
            "models.words-lstm.cell: found 'LSTM'; wanted 'linear', 'scratch', 'rnn', 'gru' or 'lstm'",
        ),
        (
            "models.words-lstm.embedding",
            5,
            "models.words-lstm: embedding (its size) goes with input embedding, and only with it",
        ),
        (
            "models.vowels-lstm.embedding",
            ...,
            "models.vowels-lstm: embedding (its size) goes with input embedding, and only with it",
        ),
        ("models.words-lstm.momentum", 0.5, "models.words-lstm: momentum goes with optimiser sgd, not adam"),
        (
            "models.binary-lstm.beta2",
            0.9,
            "models.binary-lstm: beta2 goes with optimiser adam or adamw; for sgd leave it at 0.999",
        ),
        ("models.words-lstm.dropout", 0.5, "models.words-lstm: dropout stands between layers, and there is only one"),
        ("models.words-lstm.dataset", 5, "models.words-lstm.dataset: found 5; wanted a text"),
        (
            "models.words-lstm.dataset",
            "word",
            "models.words-lstm.dataset: no data set 'word'; known: binary, lyrics, names, sales, vowels, words",
        ),
        ("models.extra", 5, "models.extra: found 5; wanted a block of settings"),
        ("models.A b", {}, "models.A b: a name has small letters, digits and hyphens only"),
        ("training.clip", -1, "training.clip: found -1; wanted greater than or equal to 0"),
        ("training.clipp", 1, "training.clipp: unknown key; remove it or correct its spelling"),
        (
            "training.schedule",
            {"kind": "zigzag"},
            "training.schedule.kind: found 'zigzag'; wanted one of 'constant', 'step', 'cosine', 'one-cycle'",
        ),
        ("training.schedule", {}, "training.schedule.kind: missing; add it"),
        ("training.schedule", "step", "training.schedule: found 'step'; wanted a block of settings"),
        ("training.schedule.every", ..., "training.schedule.every: missing; add it"),
        ("training.schedule.every", 0, "training.schedule.every: found 0; wanted greater than 0"),
        ("training.schedule.step", 1, "training.schedule.step: unknown key; remove it or correct its spelling"),
        (
            "models.binary-lstm.schedule.kind",
            "step1",
            "models.binary-lstm.schedule.kind: found 'step1'; wanted one of ",
        ),
        ("datasets.words.split_seed", -1, "datasets.words.split_seed: found -1; wanted greater than or equal to 0"),
        ("datasets.words.raw", "/etc/words", "datasets.words.raw: found '/etc/words'; wanted a text that fits the"),
        (
            "datasets.words.format",
            "word",
            "datasets.words.format: found 'word'; wanted one of words, pairs, series, labelled, text, windows",
        ),
        ("datasets.words", 5, "datasets.words.format: found 5; wanted one of "),
        ("datasets.words.test", 0.9, "datasets.words: validation + test must stay below 1"),
        ("datasets.words.test", 1.0, "datasets.words.test: found 1.0; wanted less than 1"),
        ("datasets.words.test", 0.0, "datasets.words: validation and test are either both 0 "),
        ("datasets.binary.refit", False, "datasets.binary: refit must be true where nothing is held out"),
        ("datasets.lyrics.alphabet", "a", "datasets.lyrics.alphabet: found 'a'; wanted at least 2 characters or 'any'"),
        ("datasets.sales.stores", "some", "datasets.sales.stores: found 'some'; wanted 'all' or a list"),
        ("datasets.sales.stores", [], "datasets.sales.stores: found []; wanted 'all' or a list of at least 1"),
        ("datasets.sales.items.0", 1.5, "datasets.sales.items.0: found 1.5; wanted a whole number or a text"),
        ("datasets.vowels.classes.step", 5, "datasets.vowels.classes.step: found 5; wanted a text"),
        ("datasets.vowels.classes.step", ..., "datasets.vowels: classes must name at least two classes"),
        ("datasets.vowels.classes.step", "ab", "datasets.vowels: classes must not share a character"),
        ("datasets.vowels.classes.step", "xb", "datasets.vowels: classes hold 'x', which is not in the alphabet"),
        ("sources.archive.sha256", "abc", "sources.archive.sha256: found 'abc'; wanted a text that fits the pattern"),
        ("sources.archive.url", "ftp://x", "sources.archive.url: found 'ftp://x'; wanted a text that fits the pattern"),
        ("sources.psalms.kind", "web", "sources.psalms.kind: found 'web'; wanted one of bible, url"),
        ("sources.psalms.books", "all", "sources.psalms.books: found 'all'; wanted 'psalms' or 'all-but-psalms'"),
        ("seeds", 5, "seeds: found 5; wanted a list"),
        ("seeds", [], "seeds: found []; wanted a list of at least 1"),
        ("seeds", [1, 2, 1], "seeds: a seed stands twice; wanted different ones"),
        ("seeds.1", "x", "seeds.1: found 'x'; wanted a whole number"),
        ("seeds.0", -1, "seeds.0: found -1; wanted greater than or equal to 0"),
        ("seeds.0", 2**31, "seeds.0: found 2147483648; wanted less than 2147483648"),
        ("models", 5, "models: found 5; wanted blocks of settings"),
        ("models", ..., "models: missing; wanted the sections seeds, sources, datasets, training, models"),
        ("modles", {}, "modles: unknown section; known: seeds, sources, datasets, training, models"),
    ],
)
def test_each_fault_is_one_line_with_its_path(tmp_path, path, value, line):
    found = faults(tmp_path, changed(path, value))
    assert len(found) == 1
    assert found[0].startswith(line)


def wrong(value):
    """Return values of types that a leaf cannot have that holds this value."""
    others = {str: [5, 0.5, True], int: ["5", 0.5, True], float: ["0.5", True], bool: ["true", 1, 0.0]}
    return st.sampled_from([[[None]], {"a": None}, *others[type(value)]])


def at(path):
    block = RAW
    for key in path.split("."):
        block = block[int(key) if isinstance(block, list) else key]
    return block


LEAVES = [path for path in leaves(RAW) if path not in ("datasets.sales.items.0", "models.names-lstm.rate")]  # two types


@hypothesis.settings(max_examples=40)
@given(data=st.data(), path=st.sampled_from(LEAVES))
def test_no_leaf_takes_a_value_of_a_wrong_type(tmp_path_factory, data, path):
    value = data.draw(wrong(at(path)))
    if path == "datasets.sales.items.1" and value == 5:
        value = 0.5
    found = faults(tmp_path_factory.getbasetemp(), changed(path, value))
    assert any(line.startswith((f"{path}: ", f"{path}.")) for line in found)
