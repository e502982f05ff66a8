import subprocess
import sys

import pytest
from click.testing import CliRunner

from stages.prepare import main
from tests.support.project import REPOSITORY, params_text, write


@pytest.fixture
def project(here):
    write(here, params_text(["words"]))
    (here / "words.txt").write_text("ab\nbc\nca\nabc\nab\ncab\n")
    return here


def run(*arguments):
    return CliRunner().invoke(main, arguments)


def read_files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_data_set_is_written_and_described(project):
    result = run("words")
    assert result.output == (
        "words: 3 train, 1 validation, 1 test words in data/prepared/words\n  found 1 repeated words; kept once\n"
    )
    names = {str(name) for name in read_files(project / "data/prepared/words")}
    splits = {f"{split}/{array}.npy" for split in ("train", "validation", "test") for array in ("symbols", "lengths")}
    assert names == {"data_card.json", "vocabulary.json", "manifest.json"} | splits


def test_another_process_writes_the_same_bytes(project):
    run("words")
    before = read_files(project / "data/prepared")
    for seed in ("0", "1"):
        environment = {"PYTHONPATH": str(REPOSITORY), "PYTHONHASHSEED": seed, "LC_ALL": "C"}
        subprocess.run([sys.executable, "-m", "stages.prepare", "words"], env=environment, check=True)
        assert read_files(project / "data/prepared") == before


def test_invalid_data_leave_the_existing_output_unchanged(project):
    run("words")
    before = read_files(project / "data")
    (project / "words.txt").write_text("ab\nax\n")
    result = run("words")
    assert result.exit_code == 1
    assert result.output == ("Error: words.txt: line 2: found symbol 'x'; wanted one of 'abcde' (alphabet)\n")
    assert read_files(project / "data") == before


def test_unknown_name_is_refused_with_the_known_names(project):
    result = run("letter")
    assert result.exit_code == 1
    assert result.output == "Error: datasets.letter: no such block in params.yaml; known: words\n"


def test_torch_mlflow_and_pandas_are_not_imported(project):
    code = "import sys; from stages.prepare import main; main(['words'], standalone_mode=False); "
    code += "print(sorted({'torch', 'mlflow', 'pandas', 'pythonbible'} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"
