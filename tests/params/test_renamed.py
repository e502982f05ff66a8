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


def refusals(where, names):
    return sorted(f"{where}{old}: is now called {new}; rename it" for old, new in names.items())


def params_of_two_models(inherit):
    """Return params of two models that inherit all keys, or none."""
    keys = {**RAW["defaults"], **RAW["models"]["vowels-lstm"]}
    name = {"dataset": keys.pop("dataset")}
    own, defaults = (name, keys) if inherit else ({**keys, **name}, {})
    raw = {**RAW, "datasets": {"vowels": RAW["datasets"]["vowels"]}, "defaults": defaults}
    return copy.deepcopy({**raw, "models": {"one": own, "two": dict(own)}})


@pytest.mark.parametrize("inherit", [False, True], ids=["own", "inherited"])
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside the new key"])
def test_old_keys_of_a_model_are_refused_in_one_line_each(tmp_path, inherit, beside):
    raw = params_of_two_models(inherit)
    block = raw["defaults"] if inherit else raw["models"]["one"]
    for old, advice in MODEL_KEYS.items():
        new = advice.partition(":")[0]
        block[old] = block[new] if beside else block.pop(new)
    where = "defaults." if inherit else "models.one."
    assert sorted(errors(tmp_path, raw)) == refusals(where, MODEL_KEYS)


@pytest.mark.parametrize("path", ["sources.archive", "datasets.names", "datasets.lyrics", "datasets.vowels"])
def test_megabytes_is_refused_in_one_line(tmp_path, path):
    section, name = path.split(".")
    raw = changed(f"{path}.megabytes", 5)
    del raw[section][name]["max_megabytes"]
    assert errors(tmp_path, raw) == refusals(f"{path}.", {"megabytes": "max_megabytes"})


@pytest.mark.parametrize("where", ["models.names-lstm", "defaults"])
@pytest.mark.parametrize(("old", "new"), [("draws", "balanced"), ("listed", "sequential")])
def test_an_old_way_of_sampling_is_refused_in_one_line(tmp_path, where, old, new):
    (line,) = errors(tmp_path, changed(f"{where}.sampling", old))
    assert line == f"{where}.sampling: {old} is now called {new}; rename it"


def test_old_sections_are_refused_in_one_line_each(tmp_path):
    raw = changed("seeds", [1, 2])
    del raw["defaults"]["seeds"]
    assert errors(tmp_path, raw) == refusals("", {"seeds": "defaults.seeds"})
    raw["training"] = raw.pop("defaults")
    assert sorted(errors(tmp_path, raw)) == refusals("", {"seeds": "defaults.seeds", "training": "defaults"})
