"""What data sets and models that params.yaml does not name have left is found, refused, and deleted by `clean`."""

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline import files, leftovers
from pipeline.errors import DataError
from stages.clean import main
from tests.support.project import params_text

OUTDATED = ("data/prepared/old", "baselines/old", "models/old", "models/words/words-old", "results/old")
UNUSED = (".checkpoints/words-old", ".timings/old", ".timings/words/words-old")
PARTIAL = ("models/words/.words-lstm.partial", "reports/.models.partial")
KEPT = (
    "data/prepared/words/train",
    "baselines/words/baseline-frequent",
    "models/words/words-lstm",
    "results/words/tables",
    "reports/models",
    ".checkpoints/words-lstm",
    ".timings/words/words-lstm",
    "models/.hidden",
    "old",
)
MODELS = {"words": ("words-lstm",)}


def make(*folders: str) -> None:
    for folder in folders:
        Path(folder).mkdir(parents=True)
        Path(folder, "file").write_text("content")


def exist(*names: str) -> list[str]:
    return [name for name in names if Path(name).exists() or Path(name).is_symlink()]


def clean(*arguments: str) -> list[str]:
    """Return the lines that the command prints."""
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


@pytest.fixture
def project(here: Path) -> Path:
    (here / "params.yaml").write_text(params_text(["words"]))
    make(*OUTDATED, *UNUSED, *PARTIAL, *KEPT)
    return here


def commit(*names: str) -> None:
    for arguments in (["init", "--quiet"], ["add", "--force", *names]):
        subprocess.run(["git", *arguments], check=True)


def test_all_leftovers_are_deleted_and_nothing_else(project: Path) -> None:
    names = [*OUTDATED, *UNUSED, *PARTIAL]
    assert sorted(clean("--dry-run")) == sorted(f"{name}: would be deleted" for name in names)
    assert exist(*names, *KEPT) == [*names, *KEPT]
    assert sorted(clean()) == sorted(f"{name}: deleted" for name in names)
    assert exist(*names, *KEPT) == [*KEPT]
    assert len(clean()) == 1


def test_outputs_are_refused_in_one_line_that_lists_all(project: Path) -> None:
    with pytest.raises(DataError) as caught:
        leftovers.refuse(MODELS)
    line = str(caught.value)
    for part in (
        "data/prepared (old)",
        "baselines (old)",
        "models (old)",
        "models/words (words-old)",
        "results (old)",
        "stages.clean",
    ):
        assert part in line
    assert "\n" not in line
    clean()
    leftovers.refuse(MODELS)


def test_many_leftovers_are_refused_in_a_line_of_bounded_length(here: Path) -> None:
    make(*(f"models/a-long-name-{number}" for number in range(100)))
    with pytest.raises(DataError) as caught:
        leftovers.refuse(MODELS)
    assert "models (a-long-name-0, " in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_symlink_is_deleted_and_what_it_leads_to_is_not(project: Path) -> None:
    make("elsewhere")
    Path("models/link").symlink_to(project / "elsewhere")
    Path("results/broken").symlink_to(project / "nothing")
    assert {"models/link: deleted", "results/broken: deleted"} <= set(clean())
    assert exist("elsewhere/file", "models/link", "results/broken") == ["elsewhere/file"]


def test_what_is_behind_a_symlink_is_kept(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (here / "params.yaml").write_text(params_text(["words"]))
    outside = tmp_path_factory.mktemp("outside")
    (outside / "old").mkdir()
    Path("models").symlink_to(outside)
    (line,) = clean()
    assert line.startswith("models/old: kept, ")
    assert (outside / "old").exists()


def test_what_git_tracks_is_kept_but_for_results(project: Path) -> None:
    make("results/notes/figures", "results/other")
    Path("models/README.md").touch()
    commit("models/old", "models/README.md", "results/notes/figures", "results/other")
    kept = {line.partition(":")[0] for line in clean() if ": kept, since Git tracks it" in line}
    assert kept == {"models/old", "models/README.md", "results/other"}
    assert exist("models/old/file", *kept, "results/notes") == ["models/old/file", *kept]


def test_nothing_is_deleted_if_git_does_not_answer(project: Path) -> None:
    Path(".git").mkdir()  # so a damaged repository
    assert all(": kept, since Git does not answer" in line for line in clean())
    assert exist(*OUTDATED) == [*OUTDATED]


def test_a_folder_that_another_process_is_writing_is_kept(project: Path) -> None:
    with files.replacing_folder(Path("models/words/words-lstm")) as partial:
        assert not [line for line in clean() if line.startswith(str(partial))]
        assert partial.exists()
