import subprocess
import sys

import pytest
from click.testing import CliRunner

import pipeline
from stages.prepare import main

ROOT = pipeline.__path__[0] + "/.."
PARAMS = """
seeds:
  - 1
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
training: {}
models:
  letters-lstm:
    dataset: letters
    cell: lstm
    layers: 1
    hidden: 2
    direction: forward
    dropout: 0.0
    input_dropout: 0.0
    output_dropout: 0.0
    input: one-hot
    head: linear
    scaling: none
    optimiser: adam
    rate: 0.1
    momentum: 0.0
    beta2: 0.999
    weight_decay: 0.0
    schedule:
      kind: constant
    clip: 0.0
    batch: 1
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


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_data_set_is_written_and_told(project):
    done = run("letters")
    assert done.output == (
        "letters: 3 train, 1 validation, 1 test words in data/prepared/letters\n  found 1 repeated words; kept once\n"
    )
    names = {str(name) for name in content(project / "data/prepared/letters")}
    splits = {f"{split}/{array}.npy" for split in ("train", "validation", "test") for array in ("symbols", "lengths")}
    assert names == {"card.json", "vocabulary.json"} | splits


def test_another_process_writes_the_same_bytes(project):
    run("letters")
    before = content(project / "data/prepared")
    for seed in ("0", "1"):
        environment = {"PYTHONPATH": ROOT, "PYTHONHASHSEED": seed, "LC_ALL": "C"}
        subprocess.run([sys.executable, "-m", "stages.prepare", "letters"], env=environment, check=True)
        assert content(project / "data/prepared") == before


def test_bad_data_leave_the_former_output(project):
    run("letters")
    before = content(project / "data")
    (project / "data/raw/letters.txt").write_text("ab\nax\n")
    done = run("letters")
    assert done.exit_code == 1
    assert done.output == ("Error: data/raw/letters.txt: line 2: found symbol 'x'; wanted one of 'abc' (alphabet)\n")
    before.pop(next(path for path in before if path.name == "letters.txt"))
    assert before.items() <= content(project / "data").items()
    assert not list((project / "data/prepared").glob(".*"))


def test_an_unknown_name_lists_the_known(project):
    done = run("letter")
    assert done.exit_code == 1
    assert done.output == "Error: datasets.letter: no such block in params.yaml; known: letters\n"


def test_neither_torch_nor_mlflow_nor_pandas_is_loaded(project):
    code = "import sys; from stages.prepare import main; main(['letters'], standalone_mode=False); "
    code += "print(sorted({'torch', 'mlflow', 'pandas', 'pythonbible'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": ROOT}, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
