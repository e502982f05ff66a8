import subprocess
import sys

import pytest
from click.testing import CliRunner

import pipeline
from stages.prepare import main

ROOT = pipeline.__path__[0] + "/.."
PARAMS = """
sources: {}
datasets:
  letters:
    format: words
    raw: data/raw/letters.txt
    alphabet: abc
    validation: 0.2
    test: 0.2
    split_seed: 1
    refit: false
defaults: {}
models:
  letters-lstm:
    dataset: letters
    seeds:
      - 1
    cell: lstm
    layers: 1
    hidden_size: 2
    bidirectional: false
    dropout: 0.0
    input_dropout: 0.0
    output_dropout: 0.0
    input: one-hot
    head: linear
    scaling: none
    optimiser: adam
    learning_rate: 0.1
    momentum: 0.0
    beta2: 0.999
    weight_decay: 0.0
    schedule:
      kind: constant
    gradient_clip: 0.0
    batch_size: 1
    epochs: 1
    patience: 0
    supervision: task
    sampling: shuffled
"""


@pytest.fixture
def project(here):
    (here / "params.yaml").write_text(PARAMS)
    (here / "data/raw").mkdir(parents=True)
    (here / "data/raw/letters.txt").write_text("ab\nbc\nca\nabc\nab\ncab\n")
    return here


def run(*arguments):
    return CliRunner().invoke(main, arguments)


def read_files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_data_set_is_written_and_described(project):
    result = run("letters")
    assert result.output == (
        "letters: 3 train, 1 validation, 1 test words in data/prepared/letters\n  found 1 repeated words; kept once\n"
    )
    names = {str(name) for name in read_files(project / "data/prepared/letters")}
    splits = {f"{split}/{array}.npy" for split in ("train", "validation", "test") for array in ("symbols", "lengths")}
    assert names == {"data_card.json", "vocabulary.json"} | splits


def test_another_process_writes_the_same_bytes(project):
    run("letters")
    before = read_files(project / "data/prepared")
    for seed in ("0", "1"):
        environment = {"PYTHONPATH": ROOT, "PYTHONHASHSEED": seed, "LC_ALL": "C"}
        subprocess.run([sys.executable, "-m", "stages.prepare", "letters"], env=environment, check=True)
        assert read_files(project / "data/prepared") == before


def test_invalid_data_leave_the_existing_output_unchanged(project):
    run("letters")
    before = read_files(project / "data")
    (project / "data/raw/letters.txt").write_text("ab\nax\n")
    result = run("letters")
    assert result.exit_code == 1
    assert result.output == ("Error: data/raw/letters.txt: line 2: found symbol 'x'; wanted one of 'abc' (alphabet)\n")
    before.pop(next(path for path in before if path.name == "letters.txt"))
    assert before.items() <= read_files(project / "data").items()
    assert not list((project / "data/prepared").glob(".*"))


def test_unknown_name_is_refused_with_the_known_names(project):
    result = run("letter")
    assert result.exit_code == 1
    assert result.output == "Error: datasets.letter: no such block in params.yaml; known: letters\n"


def test_torch_mlflow_and_pandas_are_not_imported(project):
    code = "import sys; from stages.prepare import main; main(['letters'], standalone_mode=False); "
    code += "print(sorted({'torch', 'mlflow', 'pandas', 'pythonbible'} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": ROOT}, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"
