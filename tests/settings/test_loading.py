import copy
import io
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipeline import settings
from pipeline.errors import UserError
from tests.small import REPOSITORY

PARAMS = """
seeds:
  - 1
  - 2
sources:
  psalms:
    kind: bible
    books: psalms
    file: data/raw/psalms.txt
  archive:
    kind: url
    url: https://example.org/a.zip
    sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    megabytes: 5
    file: data/raw/a.zip
datasets:
  words:
    format: words
    raw: data/raw/words.txt
    alphabet: abc
    validation: 0.1
    test: 0.2
    split_seed: 1
    refit: true
  binary:
    format: pairs
    raw: data/raw/binary.csv
    inputs: bits
    separator: ""
    target: number
    validation: 0.0
    test: 0.0
    split_seed: 1
    refit: true
  sales:
    format: series
    raw: data/raw/sales.csv
    date: date
    store: store
    item: item
    sales: sales
    stores: all
    items:
      - 1
      - A2
    reduce: mean
    season: 6
    validation: 0.15
    test: 0.15
    refit: false
  names:
    format: labelled
    raw: data/raw/names.csv
    text: name
    label: language
    members: "*.txt"
    megabytes: 64
    validation: 0.1
    test: 0.1
    split_seed: 1
    refit: false
  lyrics:
    format: text
    raw: data/raw/psalms.txt
    alphabet: any
    skip: 0
    limit: 100
    megabytes: 64
    validation: 0.1
    test: 0.1
    refit: false
  vowels:
    format: windows
    raw: data/raw/bible.txt
    alphabet: abcde
    skip: 0
    limit: 0
    megabytes: 64
    width: 20
    stride: 3
    classes:
      step: bcd
      vowel: ae
    validation: 0.1
    test: 0.1
    refit: false
training:
  layers: 1
  direction: forward
  dropout: 0.0
  input_dropout: 0.0
  output_dropout: 0.0
  head: linear
  scaling: none
  optimiser: adam
  momentum: 0.0
  beta2: 0.999
  weight_decay: 0.0
  schedule:
    kind: step
    every: 3
    factor: 0.5
  clip: 1.0
  patience: 0
  supervision: task
  sampling: shuffled
models:
  words-lstm:
    dataset: words
    cell: lstm
    hidden: 64
    input: one-hot
    rate: 0.01
    batch: 50
    epochs: 400
  binary-lstm:
    dataset: binary
    cell: lstm
    layers: 2
    hidden:
      - 5
      - 1
    input: values
    head: none
    optimiser: sgd
    momentum: 0.9
    rate: 1e-05
    schedule:
      kind: constant
    batch: 1
    epochs: 100
  sales-lstm:
    dataset: sales
    cell: gru
    hidden: 64
    input: flat
    scaling: standard
    rate: 3.0e-3
    batch: 32
    epochs: 60
    patience: 15
    window: 32
  names-lstm:
    dataset: names
    cell: rnn
    hidden: 128
    input: one-hot
    rate: 1
    batch: 64
    epochs: 12
    sampling: draws
  lyrics-lstm:
    dataset: lyrics
    cell: scratch
    hidden: 192
    input: embedding
    embedding: 64
    sampling: consecutive
    rate: 0.005
    batch: 32
    window: 35
    epochs: 15
  vowels-lstm:
    dataset: vowels
    cell: linear
    hidden: 96
    input: embedding
    embedding: 32
    rate: 0.005
    batch: 128
    epochs: 8
"""
YAML12 = YAML(typ="safe", pure=True)
RAW = YAML12.load(PARAMS)


def changed(path, value):
    """Return the params with one value set, or with the key left out where the value is the key's own."""
    raw = copy.deepcopy(RAW)
    *way, last = path.split(".")
    block = raw
    for key in way:
        block = block[int(key) if isinstance(block, list) else key]
    if value is ...:
        del block[last]
    else:
        block[int(last) if isinstance(block, list) else last] = value
    return raw


def loaded(folder, content):
    if not isinstance(content, str):
        stream = io.StringIO()
        YAML12.dump(content, stream)
        content = stream.getvalue()
    path = Path(folder) / "params.yaml"
    path.write_text(content, encoding="utf-8")
    return settings.load(path)


def faults(folder, content):
    """Return the lines of a refusal, each without the name of the file."""
    with pytest.raises(UserError) as caught:
        loaded(folder, content)
    lines = str(caught.value).split("\n")
    start = f"{folder / 'params.yaml'}: "
    assert all(line.startswith(start) for line in lines)
    return [line.removeprefix(start) for line in lines]


def leaves(block, path=()):
    for key, value in block.items() if isinstance(block, dict) else enumerate(block):
        if isinstance(value, (dict, list)):
            yield from leaves(value, (*path, str(key)))
        else:
            yield ".".join((*path, str(key)))


def test_params_become_frozen_objects(tmp_path):
    found = loaded(tmp_path, PARAMS)
    assert found.seeds == (1, 2)
    assert found.datasets["sales"].items == (1, "A2")
    assert found.models["binary-lstm"].hidden_sizes == (5, 1)
    assert found.models["words-lstm"].hidden_sizes == (64,)
    assert found.models_of("words") == ("words-lstm",)
    assert found.sources["archive"].megabytes == 5
    with pytest.raises(ValueError, match="frozen"):
        found.models["words-lstm"].hidden = 1


def test_a_model_takes_from_training_what_it_does_not_say(tmp_path):
    models = loaded(tmp_path, PARAMS).models
    assert models["words-lstm"].optimiser == "adam"
    assert models["binary-lstm"].optimiser == "sgd"
    assert models["words-lstm"].schedule.kind == "step"
    assert models["binary-lstm"].schedule.kind == "constant"  # whole blocks, never a mixture


def test_numbers_are_those_of_yaml_1_2(tmp_path):
    models = loaded(tmp_path, PARAMS).models
    assert models["binary-lstm"].rate == 0.00001  # as `dvc exp run -S` writes it
    assert models["sales-lstm"].rate == 0.003
    assert models["names-lstm"].rate == 1


def test_the_projects_own_params_load(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    found = settings.load()
    assert len(found.seeds) >= 3
    assert {model.dataset for model in found.models.values()} == set(found.datasets)


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


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (
            "words-lstm.input",
            "values",
            "found 'values'; wanted for task next-symbol on format words: one-hot, embedding",
        ),
        ("sales-lstm.input", "one-hot", "found 'one-hot'; wanted for task forecast on format series: values, flat"),
        ("binary-lstm.input", "flat", "found 'flat'; wanted for task regress on format pairs: values"),
        (
            "names-lstm.head",
            "linear-relu",
            "found 'linear-relu'; wanted for task classify on format labelled: none, linear",
        ),
        (
            "words-lstm.sampling",
            "random",
            "found 'random'; wanted for task next-symbol on format words: shuffled, listed, draws",
        ),
        (
            "names-lstm.supervision",
            "every-step",
            "found 'every-step'; wanted for task classify on format labelled: task",
        ),
        (
            "lyrics-lstm.sampling",
            "draws",
            "found 'draws'; wanted for task next-symbol on format text: consecutive, random",
        ),
        ("names-lstm.scaling", "standard", "found 'standard'; wanted for task classify on format labelled: none"),
        ("sales-lstm.window", ..., "found nothing; wanted for format series: a number of steps"),
        ("lyrics-lstm.window", ..., "found nothing; wanted for format text: a number of steps"),
        ("vowels-lstm.window", 5, "found 5; wanted for format windows: nothing (the rows are whole sequences)"),
        ("binary-lstm.patience", 5, "found 5; wanted 0, since data set binary has no validation rows"),
    ],
)
def test_a_setting_that_does_not_fit_the_data_set_is_refused(tmp_path, path, value, line):
    where = f"models.{path}"
    assert faults(tmp_path, changed(where, value)) == [f"{where}: {line}"]


@pytest.mark.parametrize("name", ["baseline", "limit", "date", "truth"])
def test_a_model_may_not_take_a_name_that_the_results_use(tmp_path, name):
    block = RAW["models"]["words-lstm"]
    line = f"models.{name}: the results use this name for something else; choose another"
    assert faults(tmp_path, changed(f"models.{name}", block)) == [line]


def test_all_faults_are_told_at_once(tmp_path):
    raw = changed("seeds.0", "x")
    raw["datasets"]["words"]["alphabt"] = raw["datasets"]["words"].pop("alphabet")
    raw["models"]["words-lstm"]["cell"] = "lstmm"
    raw["models"]["sales-lstm"]["window"] = -1
    raw["models"]["names-lstm"]["input"] = "values"
    raw["training"]["clip"] = "hard"
    found = faults(tmp_path, raw)
    assert sorted(line.partition(":")[0] for line in found) == [
        "datasets.words.alphabet",
        "datasets.words.alphabt",
        "models.sales-lstm.window",
        "models.words-lstm.cell",
        "seeds.0",
        "training.clip",  # once, although six models inherit it
    ]
    raw["training"]["clip"] = 1.0
    assert "models.names-lstm.input" in [line.partition(":")[0] for line in faults(tmp_path, raw)]


def test_faults_of_several_sections_are_told_at_once(tmp_path):
    raw = {**RAW, "modles": RAW["models"], "training": 5}
    del raw["models"]
    assert [line.partition(":")[0] for line in faults(tmp_path, raw)] == ["modles", "models", "training"]


def test_a_data_set_that_no_model_names_is_refused(tmp_path):
    raw = changed("models.words-lstm", ...)
    line = "datasets.words: no model is trained on it; name it in a block under models"
    assert faults(tmp_path, raw) == [line]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("seeds: [1\n", "line 2: "),
        ("seeds:\n  - 1\nseeds:\n  - 2\n", 'line 3: found duplicate key "seeds"'),
        ("a: 1\n  b: 2\n", "line 2: mapping values are not allowed"),
        ("- 1\n", "found [1]; wanted the sections seeds"),
        ("", "found nothing; wanted the sections seeds"),
        ("a: \x00\n", "not YAML: "),
    ],
)
def test_a_file_that_is_no_params_is_refused_in_one_line(tmp_path, content, line):
    (found,) = faults(tmp_path, content)
    assert found.startswith(line)


def test_a_key_that_stands_twice_is_refused_in_any_block(tmp_path):
    twice = PARAMS.replace("    hidden: 96\n", "    hidden: 96\n    hidden: 97\n")
    (line,) = faults(tmp_path, twice)
    assert 'found duplicate key "hidden"' in line


def test_a_missing_file_and_bytes_that_are_not_utf_8(here, fault):
    assert fault(settings.load) == f"params.yaml: no such file in {here}; run from the project's folder"
    (here / "params.yaml").write_bytes(b"seeds: \xff\n")
    assert fault(settings.load) == "params.yaml: byte 7 is not UTF-8; save the file as UTF-8"


def test_a_command_that_names_no_block_is_told_the_known(fault):
    assert fault(settings.chosen, {"a": 1, "b": 2}, "c", "models") == (
        "models.c: no such block in params.yaml; known: a, b"
    )
    assert fault(settings.chosen, {}, "c", "models").endswith("known: none")


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
