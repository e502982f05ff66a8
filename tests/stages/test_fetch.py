import hashlib
import subprocess

import pytest
from click.testing import CliRunner

from stages.fetch import main

PARAMS = """
sources:
  letters:
    kind: url
    url: {url}
    sha256: "{sha256}"
    max_megabytes: 1
    file: data/raw/letters.txt
datasets: {{}}
defaults: {{}}
models: {{}}
"""

SHA = hashlib.sha256(b"abc").hexdigest()


@pytest.fixture
def run_fetch(here):
    (here / "letters.txt").write_text("abc")

    def run(name="letters", sha256=SHA):
        url = (here / "letters.txt").as_uri()
        (here / "params.yaml").write_text(PARAMS.format(url=url, sha256=sha256))
        return CliRunner().invoke(main, [name])

    return run


def test_source_is_fetched_into_its_file(run_fetch, here):
    result = run_fetch()
    assert result.exit_code == 0
    assert result.output.startswith("letters: 3 bytes in data/raw/letters.txt, sha256 ba7816bf")
    assert (here / "data/raw/letters.txt").read_text() == "abc"


def test_error_is_one_line_and_exit_code_1(run_fetch, here):
    result = run_fetch(sha256="0" * 64)
    assert result.exit_code == 1
    assert result.output.startswith("Error: file://")
    assert result.output.count("\n") == 1
    assert not (here / "data/raw/letters.txt").exists()


def test_unknown_name_is_refused_with_the_known_names(run_fetch):
    result = run_fetch("letter")
    assert result.exit_code == 1
    assert result.output == "Error: sources.letter: no such block in params.yaml; known: letters\n"


def test_a_file_that_git_tracks_is_not_overwritten(run_fetch, here):
    (here / "data/raw").mkdir(parents=True)
    (here / "data/raw/letters.txt").write_text("mine")
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run(["git", "add", "data"], check=True)
    result = run_fetch()
    assert result.exit_code == 1
    assert result.output.startswith(
        "Error: params.yaml: sources.letters.file: found 'data/raw/letters.txt', which Git "
    )
    assert (here / "data/raw/letters.txt").read_text() == "mine"
