import pytest

from pipeline.params import load_params
from pipeline.params.schema import is_baseline, is_reference
from tests.support import results_tree
from tests.support.params import changed, errors, load


@pytest.mark.parametrize("name", ["baseline", "baseline-frequent", "bound"])
def test_no_model_has_the_name_of_a_reference(here, error_of, name):
    (here / "params.yaml").write_text(results_tree.PARAMS.replace("words-lstm:", f"{name}:"), encoding="utf-8")
    assert f"models.{name}: the results use this name for something else" in error_of(load_params)


def test_a_name_that_only_begins_as_a_reference_is_allowed():
    assert not is_reference("baselines-lstm")
    assert not is_baseline("bound")
    assert is_reference("bound")


# Paths


OUTSIDE_RAW = [
    *("a.zip", "data/a.zip", "data/prepared/a.zip", "data/rawer/a.zip", "models/data/raw/a.zip"),
    *("data/raw", "data/raw/", "data/raw/../a.zip", "../data/raw/a.zip"),
]


@pytest.mark.parametrize("source", ["archive", "psalms"])
@pytest.mark.parametrize("path", OUTSIDE_RAW)
def test_a_source_may_write_below_data_raw_alone(tmp_path, source, path):
    where = f"sources.{source}.file"
    assert errors(tmp_path, changed(where, path)) == [f"{where}: found {path!r}; wanted a file below data/raw"]


@pytest.mark.parametrize("path", ["data/raw/a.zip", "data/raw/deep/a.zip", "./data/raw/a.zip", "data/raw/..a"])
def test_a_source_may_write_anywhere_below_data_raw(tmp_path, path):
    assert load(tmp_path, changed("sources.archive.file", path)).sources["archive"].file == path


@pytest.mark.parametrize("path", ["../words.txt", "data/../../words.txt", "data/raw/.."])
def test_a_raw_file_is_inside_the_project(tmp_path, path):
    where = "datasets.words.raw"
    assert errors(tmp_path, changed(where, path)) == [
        f"{where}: found {path!r}; wanted a path inside the project's folder"
    ]


@pytest.mark.parametrize("path", ["/etc/words", "~/words", ""])
@pytest.mark.parametrize("where", ["datasets.words.raw", "sources.psalms.file"])
def test_paths_are_relative_to_the_project(tmp_path, where, path):
    found = errors(tmp_path, changed(where, path))
    assert [line.partition(";")[0] for line in found] == [f"{where}: found {path!r}"]


# Sizes

LARGEST = {
    "models.words-lstm.hidden_size": 2**16,
    "models.vowels-lstm.embedding_size": 2**16,
    "models.words-lstm.batch_size": 10**9,
    "models.words-lstm.epochs": 10**9,
    "models.sales-lstm.window": 10**9,
    "models.lyrics-lstm.sequence_length": 10**9,
    "defaults.layers": 100,
    "defaults.schedule.every": 10**9,
    "datasets.lyrics.skip": 10**12,
    "datasets.lyrics.limit": 10**12,
    "datasets.lyrics.max_megabytes": 10**9,
    "datasets.vowels.width": 10**9,
    "datasets.vowels.stride": 10**9,
    "datasets.sales.season": 10**9,
    "sources.archive.max_megabytes": 10**9,
}


@pytest.mark.parametrize(("path", "largest"), LARGEST.items())
def test_a_size_above_its_upper_bound_is_refused(tmp_path, path, largest):
    load(tmp_path, changed(path, largest))
    (line,) = errors(tmp_path, changed(path, largest + 1))
    assert line.startswith(f"{path}: found {largest + 1}; wanted less than or equal to {largest}")


def test_a_size_in_a_list_has_the_same_upper_bound(tmp_path):
    (line,) = errors(tmp_path, changed("models.binary-lstm.hidden_size.0", 2**16 + 1))
    assert line == "models.binary-lstm.hidden_size.0: found 65537; wanted less than or equal to 65536"
