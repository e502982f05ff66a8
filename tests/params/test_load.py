import pytest

from pipeline.params import find_block, load_params
from tests.support.params import PARAMS, RAW, changed, errors, load
from tests.support.small import REPOSITORY


def test_params_become_frozen_objects(tmp_path):
    found = load(tmp_path, PARAMS)
    assert found.datasets["sales"].items == (1, "A2")
    assert found.models["binary-lstm"].hidden_sizes == (5, 1)
    assert found.models["words-lstm"].hidden_sizes == (64,)
    assert found.models["words-lstm"].seeds == (1, 2)
    assert found.models_of("words") == ("words-lstm",)
    assert found.sources["archive"].max_megabytes == 5
    with pytest.raises(ValueError, match="frozen"):
        found.models["words-lstm"].hidden_size = 1


def test_a_model_inherits_the_defaults_that_its_block_leaves_out(tmp_path):
    models = load(tmp_path, PARAMS).models
    assert models["words-lstm"].optimiser == "adam"
    assert models["binary-lstm"].optimiser == "sgd"
    assert models["words-lstm"].schedule.kind == "step"
    assert models["binary-lstm"].schedule.kind == "constant"  # blocks are replaced, never merged


def test_seeds_of_a_model_replace_the_default_ones(tmp_path):
    models = load(tmp_path, changed("models.names-lstm.seeds", [7])).models
    assert models["names-lstm"].seeds == (7,)
    assert models["words-lstm"].seeds == (1, 2)


def test_every_model_may_have_seeds_of_its_own_without_default_ones(tmp_path):
    raw = changed("defaults.seeds", ...)
    for block in raw["models"].values():
        block["seeds"] = [3]
    assert {model.seeds for model in load(tmp_path, raw).models.values()} == {(3,)}


def test_numbers_are_those_of_yaml_1_2(tmp_path):
    models = load(tmp_path, PARAMS).models
    assert models["binary-lstm"].learning_rate == 0.00001  # as `dvc exp run -S` writes it
    assert models["sales-lstm"].learning_rate == 0.003
    assert models["names-lstm"].learning_rate == 1


def test_the_projects_own_params_load(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    found = load_params()
    assert all(len(model.seeds) >= 3 for model in found.models.values())
    assert {model.dataset for model in found.models.values()} == set(found.datasets)


def test_all_errors_are_reported_at_once(tmp_path):
    raw = changed("defaults.seeds.0", "x")
    raw["datasets"]["words"]["alphabt"] = raw["datasets"]["words"].pop("alphabet")
    raw["models"]["words-lstm"]["cell"] = "lstmm"
    raw["models"]["sales-lstm"]["window"] = -1
    raw["models"]["names-lstm"]["input"] = "values"
    raw["defaults"]["gradient_clip"] = "hard"
    found = errors(tmp_path, raw)
    assert sorted(line.partition(":")[0] for line in found) == [
        "datasets.words.alphabet",
        "datasets.words.alphabt",
        "defaults.gradient_clip",  # once, although six models inherit it
        "defaults.seeds.0",
        "models.sales-lstm.window",
        "models.words-lstm.cell",
    ]
    raw["defaults"].update(gradient_clip=1.0, seeds=[1])
    assert "models.names-lstm.input" in [line.partition(":")[0] for line in errors(tmp_path, raw)]


def test_errors_of_several_sections_are_reported_at_once(tmp_path):
    raw = {**RAW, "modles": RAW["models"], "defaults": 5}
    del raw["models"]
    assert [line.partition(":")[0] for line in errors(tmp_path, raw)] == ["modles", "models", "defaults"]


def test_a_data_set_that_no_model_names_is_refused(tmp_path):
    raw = changed("models.words-lstm", ...)
    line = "datasets.words: no model is trained on it; name it in a block under models"
    assert errors(tmp_path, raw) == [line]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("seeds: [1\n", "line 2: "),
        ("seeds:\n  - 1\nseeds:\n  - 2\n", 'line 3: found duplicate key "seeds"'),
        ("a: 1\n  b: 2\n", "line 2: mapping values are not allowed"),
        ("- 1\n", "found [1]; wanted the sections sources"),
        ("", "found nothing; wanted the sections sources"),
        ("a: \x00\n", "not YAML: "),
    ],
)
def test_a_file_without_params_is_refused_in_one_line(tmp_path, content, line):
    (found,) = errors(tmp_path, content)
    assert found.startswith(line)


def test_a_key_that_appears_twice_is_refused_in_any_block(tmp_path):
    twice = PARAMS.replace("    hidden_size: 96\n", "    hidden_size: 96\n    hidden_size: 97\n")
    (line,) = errors(tmp_path, twice)
    assert 'found duplicate key "hidden_size"' in line


def test_a_missing_file_and_bytes_that_are_not_utf_8(here, error_of):
    assert error_of(load_params) == f"params.yaml: no such file in {here}; run from the project's folder"
    (here / "params.yaml").write_bytes(b"seeds: \xff\n")
    assert error_of(load_params) == "params.yaml: byte 7 is not UTF-8; save the file as UTF-8"


def test_a_name_without_a_block_is_refused_with_the_known_names(error_of):
    assert error_of(find_block, {"a": 1, "b": 2}, "c", "models") == (
        "models.c: no such block in params.yaml; known: a, b"
    )
    assert error_of(find_block, {}, "c", "models").endswith("known: none")
