"""Every number of params.yaml has an upper bound, and keys or values that contradict each other are refused."""

import pytest
from pydantic import TypeAdapter

from pipeline.params import Params
from pipeline.params.datasets import AnyDataset
from pipeline.params.models import ModelParams
from pipeline.params.schema import SourceParams
from tests.support.params import changed, errors, load

BOUNDS = {"maximum", "exclusiveMaximum"}


def numbers(schema, where=""):
    """Yield the place and the schema of each number."""
    if isinstance(schema, dict):
        if schema.get("type") in ("integer", "number"):
            yield where, schema
        for key, inner in schema.items():
            yield from numbers(inner, f"{where}.{key}")
    elif isinstance(schema, list):
        for index, inner in enumerate(schema):
            yield from numbers(inner, f"{where}.{index}")


@pytest.mark.parametrize("kind", [SourceParams, AnyDataset, ModelParams, Params], ids=str)
def test_every_number_has_an_upper_bound(kind):
    found = dict(numbers(TypeAdapter(kind).json_schema()))
    assert found
    assert [where for where, schema in found.items() if BOUNDS.isdisjoint(schema)] == []


TOO_LARGE = {
    "models.words-lstm.hidden_size": 10**12,
    "models.words-lstm.layers": 100_000,
    "models.words-lstm.learning_rate": 1e300,
    "models.words-lstm.batch_size": 10**7,
    "models.words-lstm.epochs": 10**7,
    "models.vowels-lstm.embedding_size": 10**6,
    "models.names-lstm.steps_per_epoch": 10**7,
    "models.sales-lstm.window": 10**5,
    "models.lyrics-lstm.samples.every": 10**7,
    "models.lyrics-lstm.samples.length": 10**5,
    "models.sales-lstm.patience": 10**7,
    "models.lyrics-lstm.sequence_length": 10**5,
    "models.binary-lstm.hidden_size.0": 10**6,
    "defaults.gradient_clip": 1e7,
    "defaults.weight_decay": 1e7,
    "defaults.schedule.every": 10**7,
    "defaults.schedule.factor": 2.0,
    "datasets.vowels.width": 10**5,
    "datasets.vowels.stride": 10**7,
    "datasets.lyrics.skip": 10**13,
    "datasets.sales.season": 10**7,
    "datasets.sales.stores": [10**19],
    "datasets.names.max_megabytes": 10**7,
    "datasets.words.split_seed": 10**99,
    "sources.archive.max_megabytes": 10**7,
}


@pytest.mark.parametrize(("path", "value"), TOO_LARGE.items())
def test_a_number_that_is_too_large_is_refused(tmp_path, path, value):
    (line,) = errors(tmp_path, changed(path, value))
    shown = value[0] if isinstance(value, list) else value
    assert line.startswith(path)
    assert f"found {shown}; wanted less than " in line


AMBIGUOUS = [  # changed path, its value, path in the message, what it says
    ("datasets.sales.item", "store", "datasets.sales", "date, store, item, sales must each name a column of its own"),
    ("datasets.sales.sales", "date ", "datasets.sales", "must each name a column"),  # headers are read without spaces
    ("datasets.binary.target", "bits", "datasets.binary", "inputs, target must each name a column"),
    ("datasets.names.label", "name", "datasets.names", "text, label must each name a column"),
    ("datasets.sales.stores", [1, "1"], "datasets.sales.stores", "found '1' 2 times; wanted each entry once"),
    ("datasets.sales.items", ["A", "B ", " A"], "datasets.sales.items", "found 'A' 2 times"),
    ("datasets.sales.date", " ", "datasets.sales.date", "wanted at least 1 characters"),
    ("datasets.words.alphabet", "abca", "datasets.words.alphabet", "found 'a' 2 times; wanted each symbol once"),
    ("datasets.lyrics.alphabet", "  a", "datasets.lyrics.alphabet", "found ' ' 2 times"),
    ("datasets.vowels.alphabet", "abcdee", "datasets.vowels.alphabet", "found 'e' 2 times"),
    *(
        ("datasets.vowels.classes", {name: "a", "b": "b"}, "datasets.vowels.classes", wanted)
        for name, wanted in {
            "": "at least 1 character",
            " ": "wanted a name without outer spaces and invisible characters",
            " b": "wanted a name without outer spaces",
            "b\u200b": "wanted a name without outer spaces",
            "e\u0301": "wanted a name without outer spaces",
            "x" * 101: "at most 100 characters",
        }.items()
    ),
    ("datasets.vowels.classes.step", "", "datasets.vowels.classes.step", "at least 1 character"),
    ("datasets." + "x" * 65, {}, "datasets.xxx", "wanted at most 64 characters"),
    ("datasets.words.raw", "data/raw/" + "x" * 200, "datasets.words.raw", "wanted at most 200 characters"),
    ("datasets.words.raw", "data/raw/\x00", "datasets.words.raw", "without invisible characters"),
    ("sources.psalms.file", "data/raw/.gitignore", "sources.psalms.file", "wanted a file that is not hidden"),
    ("sources.psalms.file", "data/raw/.git/config", "sources.psalms.file", "nor in a hidden folder"),
    ("sources.psalms.file", "data/raw/./a.zip", "sources.psalms.file", "where source archive has its file"),
    ("sources.psalms.file", "data/raw/a.zip/b", "sources.psalms.file", "where source archive has its file"),
]


@pytest.mark.parametrize(("path", "value", "where", "text"), AMBIGUOUS)
def test_nonsense_is_refused_with_its_key(tmp_path, path, value, where, text):
    line, *_ = errors(tmp_path, changed(path, value))
    assert line.startswith(where)
    assert text in line


def test_a_source_may_write_the_file_that_a_data_set_reads(tmp_path):
    found = load(tmp_path, changed("datasets.words.raw", "data/raw/a.zip"))
    assert found.sources["archive"].file == found.datasets["words"].raw


def test_outer_spaces_of_columns_and_entries_are_dropped_as_those_of_the_table_are(tmp_path):
    assert load(tmp_path, changed("datasets.sales.store", " shop ")).datasets["sales"].store == "shop"
    assert load(tmp_path, changed("datasets.sales.stores", [" 1"])).datasets["sales"].stores == ("1",)
