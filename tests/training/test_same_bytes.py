"""The same bytes wherever, however and by whichever user the pipeline is run, in a real repository."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.repository import ALL, Repository, ran

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("accidents")]  # one repository, so one worker

NOBODY = 65534
# So that nobody can read the interpreter and the packages in a home that is closed to other users.
MAY_READ = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")
AS_NOBODY = ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", *MAY_READ)


def can_become_nobody() -> bool:
    """Return whether this is a root that may become nobody and keep a capability, which few containers allow."""
    command = (*AS_NOBODY, "true")
    return bool(shutil.which("setpriv")) and subprocess.run(command, capture_output=True).returncode == 0


CAN_BECOME_NOBODY = can_become_nobody()
ELSEWHERE = {
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "7",
    "OMP_NUM_THREADS": "3",
    "PIPELINE_WORKERS": "1",
}


@pytest.fixture
def open_folder():
    """Return a folder that other users can reach, with a path short enough for sockets."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def is_as_committed(repository, experiment, *user):
    """Return whether an experiment gave the lock, results, reports and everything else of the last commit."""
    found = repository.run(*user, "git", "for-each-ref", "--format=%(objectname)", f"refs/exps/**/{experiment}")
    (commit,) = found.split()
    return repository.run(*user, "git", "diff", "--stat", "HEAD", commit) == ""


def test_another_folder_clock_locale_umask_and_number_of_threads_and_workers(done, open_folder):
    folder = open_folder / "Größe, 字 & it's"
    folder.mkdir()
    command = ("sh", "-c", 'umask 077 && exec "$@"', "sh", sys.executable, "-m", "stages.verify")
    output = done.run(*command, TMPDIR=str(folder), **ELSEWHERE)
    assert set(ran(output)) == ALL
    assert f"{folder}/verify-" in output  # the folder in which all of it ran
    assert output.splitlines()[-1].startswith("identical: ")
    assert done.run("git", "status", "--porcelain") == ""


@pytest.mark.skipif(not CAN_BECOME_NOBODY, reason="only root can become another user")
def test_another_user_with_a_home_of_his_own_in_a_copy_of_the_folder(done, open_folder):
    copy, home = Repository(open_folder / "it's a copy"), open_folder / "home"  # DVC itself needs ASCII for --temp
    shutil.copytree(done.folder, copy.folder, symlinks=True)
    home.mkdir()
    copy.run("chown", "--recursive", f"{NOBODY}:{NOBODY}", str(open_folder))
    command = ("dvc", "exp", "run", "--temp", "--force", "--name", "aside")
    output = copy.run(*AS_NOBODY, *command, HOME=str(home), LC_ALL="C.UTF-8", TZ="America/St_Johns")
    assert set(ran(output)) == ALL
    assert is_as_committed(copy, "aside", *AS_NOBODY)


@pytest.mark.skipif(CAN_BECOME_NOBODY, reason="the test with another user includes it")
def test_a_copy_of_the_folder(copy):
    output = copy.run("dvc", "exp", "run", "--temp", "--force", "--name", "aside")
    assert set(ran(output)) == ALL
    assert is_as_committed(copy, "aside")


def test_the_queue(copy):
    copy.run("dvc", "exp", "run", "--queue", "--force", "--name", "queued", "train@words-lstm")
    output = copy.run("dvc", "exp", "run", "--run-all")
    assert set(ran(output)) == {"check", "prepare@words", "train@words-lstm"}
    assert is_as_committed(copy, "queued")
