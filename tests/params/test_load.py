"""params.yaml becomes frozen objects; a file that is no such thing is refused."""

import pytest

from pipeline.params import find_block, load_params
from pipeline.params.schema import is_baseline, is_reference
from tests.support.params import PARAMS, changed, load
from tests.support.project import REPOSITORY


def test_params_become_frozen_objects(tmp_path):
    found = load(tmp_path, PARAMS)
    assert found.datasets["sales"].items == (1, "A2")
    assert found.models["binary-lstm"].hidden_sizes == (5, 1)
    assert found.models["words-lstm"].hidden_sizes == (64,)
    assert found.models_of("words") == ("words-lstm",)
    assert found.sources["archive"].max_megabytes == 5
    with pytest.raises(ValueError, match="frozen"):
        found.models["words-lstm"].hidden_size = 1


def test_a_model_inherits_the_defaults_that_its_block_leaves_out(tmp_path):
    models = load(tmp_path, changed("models.names-lstm.seeds", [7])).models
    assert models["words-lstm"].optimiser == "adam"
    assert models["binary-lstm"].optimiser == "sgd"
    assert models["words-lstm"].schedule.kind == "step"
    assert models["binary-lstm"].schedule.kind == "constant"  # blocks are replaced, never merged
    assert models["words-lstm"].seeds == (1, 2)
    assert models["names-lstm"].seeds == (7,)


def test_a_section_may_be_empty(tmp_path):
    raw = changed("defaults", None)
    for name, block in raw["models"].items():
        raw["models"][name] = {**changed("sources", None)["defaults"], **block}
    assert load(tmp_path, raw).models == load(tmp_path, PARAMS).models
    assert not load(tmp_path, changed("sources", None)).sources
    assert not load(tmp_path, changed("sources", ...)).sources  # it may be left out


def test_numbers_are_those_of_yaml_1_2(tmp_path):
    models = load(tmp_path, PARAMS).models
    assert models["binary-lstm"].learning_rate == 0.00001  # as `dvc exp run -S` writes it
    assert models["sales-lstm"].learning_rate == 0.003
    assert models["names-lstm"].learning_rate == 1


@pytest.mark.parametrize("path", ["data/raw/a.zip", "data/raw/deep/a.zip", "./data/raw/a.zip", "data/raw/a..b"])
def test_a_source_may_write_anywhere_below_data_raw(tmp_path, path):
    assert load(tmp_path, changed("sources.archive.file", path)).sources["archive"].file == path


def test_the_projects_own_params_load(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    assert all(len(model.seeds) >= 3 for model in load_params().models.values())


def test_a_missing_file_and_bytes_that_are_not_utf_8(here, error_of):
    assert error_of(load_params) == f"params.yaml: no such file in {here}; run from the project's folder"
    (here / "params.yaml").write_bytes(b"seeds: \xff\n")
    assert error_of(load_params) == "params.yaml: byte 7 is not UTF-8; save the file as UTF-8"


def test_a_name_without_a_block_is_refused_with_the_known_names(error_of):
    assert error_of(find_block, {"a": 1, "b": 2}, "c", "models") == (
        "models.c: no such block in params.yaml; known: a, b"
    )
    assert error_of(find_block, {}, "c", "models").endswith("known: none")


def test_a_name_that_only_begins_as_a_reference_is_a_models():
    assert is_reference("bound")
    assert is_reference("baseline-frequent")
    assert not is_reference("baselines-lstm")
    assert not is_baseline("bound")
