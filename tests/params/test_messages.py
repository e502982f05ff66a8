"""Each error in params.yaml is one line that starts with its dotted path."""

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.params import RAW, changed, errors, leaves


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("models.words-lstm.hiden", 5, "models.words-lstm.hiden: unknown key; remove it or correct its spelling"),
        ("models.words-lstm.cell", ..., "models.words-lstm.cell: missing; add it"),
        (
            "models.words-lstm.hidden_size",
            "x",
            "models.words-lstm.hidden_size: found 'x'; wanted a whole number or a list",
        ),
        (
            "models.binary-lstm.hidden_size",
            [1, "x"],
            "models.binary-lstm.hidden_size.1: found 'x'; wanted a whole number",
        ),
        ("models.words-lstm.hidden_size", 0, "models.words-lstm.hidden_size: found 0; wanted greater than 0 or a list"),
        ("models.words-lstm.hidden_size", [4, 5], "models.words-lstm: hidden_size lists 2 sizes for 1 layers"),
        ("models.words-lstm.learning_rate", "1e-3", "models.words-lstm.learning_rate: found '1e-3'; wanted a number"),
        ("models.words-lstm.learning_rate", None, "models.words-lstm.learning_rate: found nothing; wanted a number"),
        (
            "models.words-lstm.learning_rate",
            float("nan"),
            "models.words-lstm.learning_rate: found nan; wanted a finite number",
        ),
        (
            "models.words-lstm.learning_rate",
            float("inf"),
            "models.words-lstm.learning_rate: found inf; wanted a finite number",
        ),
        ("models.words-lstm.learning_rate", 0, "models.words-lstm.learning_rate: found 0; wanted greater than 0"),
        ("models.words-lstm.batch_size", 32.0, "models.words-lstm.batch_size: found 32.0; wanted a whole number"),
        ("models.words-lstm.batch_size", True, "models.words-lstm.batch_size: found True; wanted a whole number"),
        (
            "models.words-lstm.cell",
            "LSTM",
            "models.words-lstm.cell: found 'LSTM'; wanted 'linear', 'scratch', 'rnn', 'gru' or 'lstm'",
        ),
        (
            "models.words-lstm.embedding_size",
            5,
            "models.words-lstm: embedding_size goes with input embedding, and only with it",
        ),
        (
            "models.vowels-lstm.embedding_size",
            ...,
            "models.vowels-lstm: embedding_size goes with input embedding, and only with it",
        ),
        ("models.words-lstm.momentum", 0.5, "models.words-lstm: momentum goes with optimiser sgd, not adam"),
        (
            "models.binary-lstm.beta2",
            0.9,
            "models.binary-lstm: beta2 goes with optimiser adam or adamw; for sgd leave it at 0.999",
        ),
        ("models.words-lstm.dropout", 0.5, "models.words-lstm: dropout is between layers, and there is only one"),
        ("models.words-lstm.dataset", 5, "models.words-lstm.dataset: found 5; wanted a text"),
        (
            "models.words-lstm.dataset",
            "word",
            "models.words-lstm.dataset: no data set 'word'; known: binary, lyrics, names, sales, vowels, words",
        ),
        ("models.extra", 5, "models.extra: found 5; wanted a block of params"),
        ("models.A b", {}, "models.A b: a name has small letters, digits and hyphens only"),
        ("defaults.gradient_clip", -1, "defaults.gradient_clip: found -1; wanted greater than or equal to 0"),
        ("defaults.gradient_clipp", 1, "defaults.gradient_clipp: unknown key; remove it or correct its spelling"),
        (
            "defaults.schedule",
            {"kind": "zigzag"},
            "defaults.schedule.kind: found 'zigzag'; wanted one of 'constant', 'step', 'cosine', 'one-cycle'",
        ),
        ("defaults.schedule", {}, "defaults.schedule.kind: missing; add it"),
        ("defaults.schedule", "step", "defaults.schedule: found 'step'; wanted a block of params"),
        ("defaults.schedule.every", ..., "defaults.schedule.every: missing; add it"),
        ("defaults.schedule.every", 0, "defaults.schedule.every: found 0; wanted greater than 0"),
        ("defaults.schedule.step", 1, "defaults.schedule.step: unknown key; remove it or correct its spelling"),
        (
            "models.binary-lstm.schedule.kind",
            "step1",
            "models.binary-lstm.schedule.kind: found 'step1'; wanted one of ",
        ),
        ("datasets.words.split_seed", -1, "datasets.words.split_seed: found -1; wanted greater than or equal to 0"),
        (
            "datasets.words.raw",
            "/etc/words",
            "datasets.words.raw: found '/etc/words'; wanted a path inside the project's folder",
        ),
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
        ("datasets.words.alphabet", "ab\ufffd", "datasets.words.alphabet: found U+FFFD, which is reserved"),
        ("datasets.lyrics.alphabet", "a", "datasets.lyrics.alphabet: found 'a'; wanted at least 2 characters or 'any'"),
        ("datasets.sales.stores", "some", "datasets.sales.stores: found 'some'; wanted 'all' or a list"),
        ("datasets.sales.stores", [], "datasets.sales.stores: found []; wanted 'all' or a list of at least 1"),
        ("datasets.sales.items.0", 1.5, "datasets.sales.items.0: found 1.5; wanted a whole number or a text"),
        ("datasets.vowels.classes.step", 5, "datasets.vowels.classes.step: found 5; wanted a text"),
        ("datasets.vowels.classes.step", ..., "datasets.vowels: classes must name at least two classes"),
        ("datasets.vowels.classes.step", "ab", "datasets.vowels: classes must not share a character"),
        ("datasets.vowels.classes.step", "xb", "datasets.vowels: classes has 'x', which is not in the alphabet"),
        ("sources.archive.sha256", "abc", "sources.archive.sha256: found 'abc'; wanted 64 hexadecimal digits"),
        (
            "sources.archive.url",
            "ftp://x",
            "sources.archive.url: found 'ftp://x'; wanted an http, https or file address",
        ),
        ("sources.psalms.kind", "web", "sources.psalms.kind: found 'web'; wanted one of bible, url"),
        ("sources.psalms.books", "all", "sources.psalms.books: found 'all'; wanted 'psalms' or 'all-but-psalms'"),
        ("defaults.seeds", 5, "defaults.seeds: found 5; wanted a list"),
        ("defaults.seeds", [], "defaults.seeds: found []; wanted a list of at least 1"),
        ("defaults.seeds", [1, 2, 1], "defaults.seeds: a seed is listed twice; wanted different ones"),
        ("defaults.seeds.1", "x", "defaults.seeds.1: found 'x'; wanted a whole number"),
        ("defaults.seeds.0", -1, "defaults.seeds.0: found -1; wanted greater than or equal to 0"),
        ("defaults.seeds.0", 2**31, "defaults.seeds.0: found 2147483648; wanted less than 2147483648"),
        (
            "defaults.seeds",
            list(range(101)),
            f"defaults.seeds: found {list(range(101))}; wanted a list of at most 100",
        ),
        ("models.words-lstm.seeds", [4, 4], "models.words-lstm.seeds: a seed is listed twice; wanted different ones"),
        ("models.words-lstm.seeds", [], "models.words-lstm.seeds: found []; wanted a list of at least 1"),
        ("models", 5, "models: found 5; wanted a mapping of blocks"),
        ("models", ..., "models: missing; wanted the sections sources, datasets, defaults, models"),
        ("modles", {}, "modles: unknown section; known: sources, datasets, defaults, models"),
    ],
)
def test_each_error_is_one_line_with_its_path(tmp_path, path, value, line):
    found = errors(tmp_path, changed(path, value))
    assert len(found) == 1
    assert found[0].startswith(line)


def wrong(value):
    """Return values of types that the param with this value cannot have."""
    others = {str: [5, 0.5, True], int: ["5", 0.5, True], float: ["0.5", True], bool: ["true", 1, 0.0]}
    return st.sampled_from([[[None]], {"a": None}, *others[type(value)]])


def at(path):
    block = RAW
    for key in path.split("."):
        block = block[int(key) if isinstance(block, list) else key]
    return block


TWO_TYPES = ("datasets.sales.items.0", "models.names-lstm.learning_rate")
LEAVES = [path for path in leaves(RAW) if path not in TWO_TYPES]


@hypothesis.settings(max_examples=40)
@given(data=st.data(), path=st.sampled_from(LEAVES))
def test_a_value_of_a_wrong_type_is_refused_everywhere(tmp_path_factory, data, path):
    value = data.draw(wrong(at(path)))
    if path == "datasets.sales.items.1" and value == 5:
        value = 0.5
    found = errors(tmp_path_factory.getbasetemp(), changed(path, value))
    assert any(line.startswith((f"{path}: ", f"{path}.")) for line in found)
