import shutil

from click.testing import CliRunner

from stages.code import main
from tests.small import REPOSITORY


def test_a_file_is_replaced_and_not_written_in_place(here):
    for folder in ("pipeline", "stages"):
        shutil.copytree(REPOSITORY / folder, here / folder)
    (here / "code").mkdir()
    (here / "code/fetch.json").write_text("former")
    (here / "former.json").hardlink_to(here / "code/fetch.json")
    assert CliRunner().invoke(main, ["fetch"]).exit_code == 0
    assert (here / "former.json").read_text() == "former"
    assert [path.name for path in (here / "code").iterdir()] == ["fetch.json"]


def test_what_is_in_the_way_is_named(here):
    for folder in ("pipeline", "stages"):
        shutil.copytree(REPOSITORY / folder, here / folder)
    (here / "code/fetch.json").mkdir(parents=True)
    done = CliRunner().invoke(main, ["fetch"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: code/")
    assert "fetch.json" in done.output
