import fcntl
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import engine
from pipeline.errors import UserError
from tests import work
from tests.processes import running, wait
from tests.small import REPOSITORY


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(REPOSITORY)  # where the server that forks the workers finds the modules
    monkeypatch.setenv("PIPELINE_WORKERS", "2")


@pytest.fixture
def holding(tmp_path):
    """Start a command whose two workers each hold a lock; yield the command and its folder."""
    command = [sys.executable, "-m", "tests.work", str(tmp_path)]
    environment = {**os.environ, "PIPELINE_WORKERS": "2"}
    with running(command, env=environment, text=True) as process:
        wait(lambda: sum(path.read_text() == "locked" for path in tmp_path.iterdir()) == 2)
        yield process, tmp_path


def free(path):
    """Tell whether the process that locked a file is gone: the system then takes its locks away."""
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_results_come_in_the_order_of_the_cells_whichever_ends_first():
    told = []
    found = engine.run(work.square, [0.0, 1.0, 2.0, 3.0], lambda cell, message: told.append((cell, message)))
    assert found == [0.0, 1.0, 4.0, 9.0]
    assert sorted(told) == [(cell, f"cell {cell}") for cell in range(4)]


def test_the_number_of_workers_changes_no_result(monkeypatch):
    found = {}
    for number in ("1", "3"):
        monkeypatch.setenv("PIPELINE_WORKERS", number)
        found[number] = engine.run(work.square, [0.1, 0.2, 0.3])
    assert found["1"] == found["3"]


def test_a_mistake_of_the_user_passes_through_at_once():
    started = time.monotonic()
    with pytest.raises(UserError, match=r"^params\.yaml: models\.x\.rate: too hot$"):
        engine.run(work.refuse, [0, 1])
    assert time.monotonic() - started < 10  # the other worker does not sleep on


def test_a_bug_stays_a_bug():
    with pytest.raises(ZeroDivisionError):
        engine.run(work.fail, [1])


def test_a_server_that_is_killed_as_it_imports_ends_in_the_same_line():
    program = (
        "from pipeline import engine; from tests import work; engine.run(work.square, [1.0], preload=['tests.dying'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1] == f"pipeline.errors.UserError: {engine.KILLED}"


def test_a_killed_worker_ends_in_one_clear_line_at_once(fault):
    started = time.monotonic()
    for _ in range(5):  # the last worker to start is the hardest to watch
        assert fault(engine.run, work.die, [0, 1]) == (
            "a worker process was killed, most likely for want of memory; "
            "set PIPELINE_WORKERS to a smaller number and run again"
        )
    assert time.monotonic() - started < 20  # the other worker does not sleep on
    assert engine.run(work.square, [5.0]) == [25.0]  # and the engine works again


def test_a_reader_that_has_gone_does_not_stop_the_work():
    def show(cell, message):
        raise BrokenPipeError

    assert engine.run(work.chatter, [1, 2], show) == [1, 2]


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", " "])
def test_a_number_of_workers_that_is_none_is_refused(monkeypatch, fault, value):
    monkeypatch.setenv("PIPELINE_WORKERS", value)
    assert fault(engine.workers, 9) == f"PIPELINE_WORKERS: found {value!r}; wanted a whole number from 1"


def test_the_number_of_workers_is_that_of_the_variable_or_of_the_cores(monkeypatch):
    monkeypatch.setenv("PIPELINE_WORKERS", "7")
    assert (engine.workers(9), engine.workers(3)) == (7, 3)
    monkeypatch.setenv("PIPELINE_WORKERS", "")
    cores = len(os.sched_getaffinity(0))
    assert engine.workers(cores) == engine.workers(10 * cores) == cores


@pytest.mark.parametrize(
    ("cells", "cores", "count"),
    [(1, 2, 1), (2, 2, 2), (3, 2, 3), (4, 2, 2), (5, 2, 3), (6, 2, 2), (9, 2, 3), (3, 1, 1), (9, 4, 5), (3, 8, 3)],
)
def test_workers_share_cores_where_one_would_else_have_nothing_to_do(cells, cores, count):
    assert engine.soonest(cells, cores) == count


@given(cells=st.integers(1, 60), cores=st.integers(1, 20))
def test_no_core_gets_two_workers_and_no_other_number_ends_sooner(cells, cores):
    def rounds(count):  # fair shares of the cores, but of a core no more than the whole
        whole, left = divmod(cells, count)
        return whole * max(1, Fraction(count, cores)) + (max(1, Fraction(left, cores)) if left else 0)

    count = engine.soonest(cells, cores)
    assert min(cells, cores) <= count < 2 * cores
    assert all(rounds(count) <= rounds(other) for other in range(1, min(cells, 2 * cores - 1) + 1))


def test_ctrl_c_ends_everything_in_one_line(holding):
    process, folder = holding
    started = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes
    process.wait(20)
    assert time.monotonic() - started < 2
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert output == ""
    assert errors.strip() == "Interrupted; run the same command again."
    assert all(map(free, folder.iterdir()))


@pytest.mark.parametrize("delay", [0.05, 0.15, 0.3, 0.5])
def test_ctrl_c_leaves_no_traceback_while_the_workers_start(delay):
    program = f"""
import os, signal, threading
from pipeline import engine
from pipeline.errors import reported
from tests.work import square
threading.Timer({delay}, lambda: os.killpg(0, signal.SIGINT)).start()
reported(engine.run)(square, [-1000.0, -1000.0], preload=("pipeline.datasets.formats",))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, start_new_session=True
    )
    assert done.stderr.strip() == "Interrupted; run the same command again."
    assert done.returncode == 130


def test_ctrl_c_that_another_thread_takes_is_put_off_like_any_other():
    program = """
import os, signal, threading
from pipeline import engine
from pipeline.errors import reported
threading.Thread(target=signal.pause, daemon=True).start()
def work():
    with engine._ctrl_c_held():
        os.kill(os.getpid(), signal.SIGINT)
        print("done")
    print("not to be seen")
reported(work)()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (130, "done\n")
    assert done.stderr.strip() == "Interrupted; run the same command again."


def test_ctrl_c_is_left_as_it_was():
    before = signal.getsignal(signal.SIGINT)
    with engine._ctrl_c_held():
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_workers_collect_garbage_but_not_what_their_server_imported():
    assert engine.run(work.garbage, [0]) == [(True, True)]


def test_no_worker_outlives_the_process_that_gave_the_work(holding):
    process, folder = holding
    process.kill()
    process.wait()
    wait(lambda: all(map(free, folder.iterdir())), seconds=5)


def test_a_temporary_folder_with_too_long_a_name_is_refused(tmp_path):
    program = """
from pipeline import engine
from pipeline.errors import UserError
from tests.work import square
try:
    print(*engine.run(square, [1.0]))
except UserError as error:
    print(error)
"""
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    environment = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.stderr == ""
    too_long = f"TMPDIR: {folder} is too long a name for sockets of worker processes; name a shorter one"
    assert done.stdout.strip() in (too_long, "1.0")  # some versions of Python take another folder then
