"""Each key, value and section that had another name is refused in one line, with the name that it has."""

import copy

import pytest

from tests.support.params import RAW, changed, errors

MODEL_KEYS = {
    "rate": "learning_rate",
    "hidden": "hidden_size",
    "direction": "bidirectional: true or false",
    "clip": "gradient_clip",
    "batch": "batch_size",
    "embedding": "embedding_size",
}
MODEL = "vowels-lstm"  # its block has, or inherits, all of these keys


def params_of_one_model():
    """Return params with one model, which inherits nothing, and its data set."""
    raw = copy.deepcopy(RAW)
    raw["models"] = {MODEL: {**raw["defaults"], **raw["models"][MODEL]}}
    raw["datasets"] = {"vowels": raw["datasets"]["vowels"]}
    return raw


def key_of(advice):
    return advice.partition(":")[0]


def rename(block, new, old):
    block[old] = block.pop(key_of(new))


@pytest.mark.parametrize(("old", "new"), MODEL_KEYS.items())
def test_an_old_key_of_a_model_is_refused_in_one_line(tmp_path, old, new):
    raw = params_of_one_model()
    rename(raw["models"][MODEL], new, old)
    raw["defaults"] = {}  # so that the new key is missing
    assert errors(tmp_path, raw) == [f"models.{MODEL}.{old}: is now called {new}; rename it"]


@pytest.mark.parametrize(("old", "new"), MODEL_KEYS.items())
def test_an_old_key_of_the_defaults_is_refused_in_one_line(tmp_path, old, new):
    raw = params_of_one_model()
    raw["defaults"] = raw["models"][MODEL]
    raw["models"] = {name: {"dataset": "vowels"} for name in ("one", "two")}
    del raw["defaults"]["dataset"]
    rename(raw["defaults"], new, old)
    assert errors(tmp_path, raw) == [f"defaults.{old}: is now called {new}; rename it"]


@pytest.mark.parametrize(("old", "new"), MODEL_KEYS.items())
def test_an_old_key_beside_the_new_one_is_refused_in_one_line(tmp_path, old, new):
    raw = params_of_one_model()
    raw["models"][MODEL][old] = raw["models"][MODEL][key_of(new)]
    assert errors(tmp_path, raw) == [f"models.{MODEL}.{old}: is now called {new}; rename it"]


@pytest.mark.parametrize("path", ["sources.archive", "datasets.names", "datasets.lyrics", "datasets.vowels"])
def test_megabytes_is_refused_in_one_line(tmp_path, path):
    section, name = path.split(".")
    raw = copy.deepcopy(RAW)
    rename(raw[section][name], "max_megabytes", "megabytes")
    assert errors(tmp_path, raw) == [f"{path}.megabytes: is now called max_megabytes; rename it"]


def test_all_old_keys_of_a_block_are_reported_at_once(tmp_path):
    raw = params_of_one_model()
    for old, new in MODEL_KEYS.items():
        rename(raw["models"][MODEL], new, old)
    raw["defaults"] = {}
    found = errors(tmp_path, raw)
    assert sorted(found) == sorted(
        f"models.{MODEL}.{old}: is now called {new}; rename it" for old, new in MODEL_KEYS.items()
    )


@pytest.mark.parametrize(("old", "new"), [("draws", "balanced"), ("listed", "sequential")])
def test_an_old_way_of_sampling_is_refused_in_one_line(tmp_path, old, new):
    line = f"sampling: {old} is now called {new}; rename it"
    assert errors(tmp_path, changed("models.names-lstm.sampling", old)) == [f"models.names-lstm.{line}"]
    assert errors(tmp_path, changed("defaults.sampling", old)) == [f"defaults.{line}"]


def test_the_section_training_is_refused_in_one_line(tmp_path):
    raw = copy.deepcopy(RAW)
    rename(raw, "defaults", "training")
    assert errors(tmp_path, raw) == ["training: is now called defaults; rename it"]


@pytest.mark.parametrize("with_defaults", [True, False])
def test_the_section_seeds_is_refused_in_one_line(tmp_path, with_defaults):
    raw = copy.deepcopy(RAW)
    raw["seeds"] = raw["defaults"].pop("seeds")
    if not with_defaults:  # as in an old file, where they were the section `training`
        rename(raw, "defaults", "training")
    found = errors(tmp_path, raw)
    assert "seeds: is now called defaults.seeds; rename it" in found
    assert len(found) == (1 if with_defaults else 2)  # the other is that of `training`
