"""Jobs in worker processes: their results, and how they end when something goes wrong."""

import fcntl
import os
import re
import signal
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ParamsError, PipelineError
from pipeline.execution import executor, local, workers
from tests.support import work
from tests.support.processes import running, wait
from tests.support.project import REPOSITORY


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(REPOSITORY)  # where the server that forks the workers finds the modules
    monkeypatch.setenv("PIPELINE_WORKERS", "2")


@pytest.fixture
def locking(tmp_path):
    """Start a command whose two workers each lock a file; yield the command and the folder of the files."""
    command = [sys.executable, "-m", "tests.support.work", str(tmp_path)]
    environment = {**os.environ, "PIPELINE_WORKERS": "2"}
    with running(command, env=environment, text=True) as process:
        wait(lambda: sum(path.read_text() == "locked" for path in tmp_path.iterdir()) == 2)
        yield process, tmp_path


def is_unlocked(path):
    """Return whether the process that locked a file has ended: the system then removes its locks."""
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def exactly(message):
    """Return a pattern that matches this message and no other."""
    return rf"\A{re.escape(message)}\Z"


def test_results_are_in_the_order_of_the_jobs_whichever_ends_first():
    messages = []
    results = executor.run(work.square, [0.0, 1.0, 2.0, 3.0], lambda job, message: messages.append((job, message)))
    assert results == [0.0, 1.0, 4.0, 9.0]
    assert sorted(messages) == [(job, f"job {job}") for job in range(4)]


def test_a_users_error_is_raised_at_once():
    ended = []
    with pytest.raises(ParamsError, match=exactly("params.yaml: models.x.learning_rate: too hot")):
        executor.run(work.raise_user_error, [0, 1], lambda job, message: ended.append(job))
    assert ended == []  # the other worker is not waited for


def test_a_bug_keeps_its_exception():
    with pytest.raises(ZeroDivisionError):
        executor.run(work.divide_by_zero, [1])


def test_a_server_that_is_killed_during_its_imports_ends_in_the_same_line():
    program = """
from pipeline.execution import executor
from tests.support import work
executor.run(work.square, [1.0], preload=["tests.support.dying"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1] == f"pipeline.errors.PipelineError: {local.KILLED}"


def test_a_job_whose_worker_is_killed_is_run_again(tmp_path):
    lost = []
    jobs = [tmp_path / "0", tmp_path / "1"]
    assert executor.run(work.kill_worker_once, jobs, lambda job, message: lost.append(message)) == ["0", "1"]
    assert executor.LOST in lost


def test_jobs_that_kill_every_worker_end_in_one_line():
    for _ in range(2):  # the last worker to start is the hardest to watch
        with pytest.raises(PipelineError, match=r"^a worker process was killed.*PIPELINE_WORKERS"):
            executor.run(work.kill_worker, [0, 1])
    assert executor.run(work.square, [5.0]) == [25.0]  # and the executor works again


def test_no_jobs_have_no_results_and_start_no_worker():
    assert executor.run(work.square, []) == []


def test_output_that_nobody_reads_does_not_stop_the_jobs():
    def show(job, message):
        raise BrokenPipeError

    assert executor.run(work.report_much, [1, 2], show) == [1, 2]


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", " "])
def test_a_number_of_workers_that_cannot_be_used_is_refused(monkeypatch, value):
    monkeypatch.setenv("PIPELINE_WORKERS", value)
    with pytest.raises(ParamsError, match=exactly(f"PIPELINE_WORKERS: found {value!r}; wanted a whole number from 1")):
        workers.count_workers(9)


def test_the_number_of_workers_is_that_of_the_variable_or_of_the_cores(monkeypatch):
    monkeypatch.setenv("PIPELINE_WORKERS", "7")
    assert (workers.count_workers(9), workers.count_workers(3)) == (7, 3)
    monkeypatch.setenv("PIPELINE_WORKERS", "")
    cores = len(os.sched_getaffinity(0))
    assert workers.count_workers(cores) == workers.count_workers(10 * cores) == cores


@pytest.mark.parametrize(
    ("jobs", "cores", "count"),
    [(1, 2, 1), (2, 2, 2), (3, 2, 3), (4, 2, 2), (5, 2, 3), (6, 2, 2), (9, 2, 3), (3, 1, 1), (9, 4, 5), (3, 8, 3)],
)
def test_workers_share_cores_where_a_core_would_else_be_idle(jobs, cores, count):
    assert workers.fewest_workers(jobs, cores) == count


@given(jobs=st.integers(1, 60), cores=st.integers(1, 20))
def test_no_core_gets_two_workers_and_no_other_number_is_done_sooner(jobs, cores):
    def rounds(count):  # fair shares of the cores, but no worker uses more than one
        full, left = divmod(jobs, count)
        return full * max(1, Fraction(count, cores)) + (max(1, Fraction(left, cores)) if left else 0)

    count = workers.fewest_workers(jobs, cores)
    assert min(jobs, cores) <= count < 2 * cores
    assert all(rounds(count) <= rounds(other) for other in range(1, min(jobs, 2 * cores - 1) + 1))


def test_ctrl_c_ends_all_processes_with_one_line(locking):
    process, folder = locking
    os.killpg(process.pid, signal.SIGINT)  # to all processes, as a terminal does
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert output == ""
    assert errors.strip() == "Interrupted; run the same command again."
    assert all(map(is_unlocked, folder.iterdir()))


@pytest.mark.parametrize("delay", [0.05, 0.15, 0.3, 0.5])
def test_ctrl_c_leaves_no_traceback_while_the_workers_start(delay):
    program = f"""
import os, signal, threading
from pipeline.execution import executor
from stages.command import reports_errors
from tests.support.work import square
threading.Timer({delay}, lambda: os.killpg(0, signal.SIGINT)).start()
reports_errors(executor.run)(square, [-1000.0, -1000.0], preload=("pipeline.data.formats",))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, start_new_session=True
    )
    assert done.stderr.strip() == "Interrupted; run the same command again."
    assert done.returncode == 130


def test_ctrl_c_that_another_thread_receives_is_delayed_until_all_jobs_are_submitted():
    program = """
import os, signal, threading
from pipeline.execution import executor
from stages.command import reports_errors
from tests.support.work import square
class Jobs(list):
    def __iter__(self):
        yield 1.0
        os.kill(os.getpid(), signal.SIGINT)
        yield 2.0
        print("all submitted")
threading.Thread(target=signal.pause, daemon=True).start()
reports_errors(executor.run)(square, Jobs([1.0, 2.0]))
print("not reached")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (130, "all submitted\n")
    assert done.stderr.strip() == "Interrupted; run the same command again."


def test_workers_collect_garbage_but_not_what_their_server_imported():
    assert executor.run(work.inspect_garbage_collector, [0]) == [(True, True)]


def test_workers_end_with_the_process_that_submitted_the_jobs(locking):
    process, folder = locking
    process.kill()
    process.wait()
    wait(lambda: all(map(is_unlocked, folder.iterdir())), seconds=5)


def test_a_temporary_folder_whose_path_is_too_long_is_refused(tmp_path):
    program = """
from pipeline.errors import PipelineError
from pipeline.execution import executor
from tests.support.work import square
try:
    print(*executor.run(square, [1.0]))
except PipelineError as error:
    print(error)
"""
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    environment = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.stderr == ""
    # Some versions of Python use another folder then.
    assert re.fullmatch(f"TMPDIR: {folder}: .*too long.*|1.0", done.stdout.strip())
