import pytest

from pipeline import settings
from tests.settings.params import PARAMS, RAW, changed, faults, loaded
from tests.small import REPOSITORY


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
