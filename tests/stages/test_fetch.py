import hashlib

import pytest
from click.testing import CliRunner

from stages.fetch import main

PARAMS = """
seeds:
  - 1
sources:
  letters:
    kind: url
    url: {url}
    sha256: "{sha256}"
    megabytes: 1
    file: data/raw/letters.txt
datasets: {{}}
training: {{}}
models: {{}}
"""

SHA = hashlib.sha256(b"abc").hexdigest()


@pytest.fixture
def fetched(here):
    (here / "letters.txt").write_text("abc")

    def run(name="letters", sha256=SHA):
        url = (here / "letters.txt").as_uri()
        (here / "params.yaml").write_text(PARAMS.format(url=url, sha256=sha256))
        return CliRunner().invoke(main, [name])

    return run


def test_a_source_arrives_in_its_file(fetched, here):
    done = fetched()
    assert done.exit_code == 0
    assert done.output.startswith("letters: 3 bytes in data/raw/letters.txt, sha256 ba7816bf")
    assert (here / "data/raw/letters.txt").read_text() == "abc"


def test_a_fault_ends_in_one_line_and_exit_code_1(fetched, here):
    done = fetched(sha256="0" * 64)
    assert done.exit_code == 1
    assert done.output.startswith("Error: file://")
    assert done.output.count("\n") == 1
    assert not (here / "data/raw/letters.txt").exists()


def test_an_unknown_name_lists_the_known(fetched):
    done = fetched("letter")
    assert done.exit_code == 1
    assert done.output == "Error: sources.letter: no such block in params.yaml; known: letters\n"
