"""Compare one training of a tiny network with that of an earlier commit."""

import io
import statistics
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measured import Goal, Measured, NotHereError, ratios
from benchmarks.turns import start, take_turns
from pipeline.project import code

MODEL = "binary-rnn"
BEFORE = "6888328"  # the version before the work on speed
GOAL = 0.5
ROUNDS, QUICK_EPOCHS = 7, "1"

TITLE = "A tiny network"
ABOUT = f"""\
One training of `{MODEL}`, from one seed, with its validation passes: a network so small that its time is that of calls,
not of arithmetic. Processor seconds with the code of this version and with that of commit `{BEFORE}`, the version
before the work on speed, which take turns with the same data and with the params of their own commit, each in a process
of its own; and the median of the ratios.
"""

REASON = """\
A step makes hundreds of calls of torch and NumPy, each of a few microseconds, and none of them has a large share: a \
step without autograd, or with all weights in one tensor, would save a small part each."""


@dataclass(frozen=True)
class Commit:
    """The code of a checkout that trains."""

    root: Path
    epochs: str

    def start(self) -> "subprocess.Popen[str]":
        """Start the process, in the checkout, without the folder of this file on its path."""
        script = str(Path(__file__).with_name("one_training.py"))
        return start([sys.executable, "-P", script, MODEL, self.epochs], "portable", self.root, self.root)


def measure(quick: bool = False) -> Measured:
    """Train with both versions in turns."""
    epochs = QUICK_EPOCHS if quick else "all"
    with tempfile.TemporaryDirectory() as name:
        before = check_out(BEFORE, Path(name))
        times = take_turns({"now": Commit(code.ROOT, epochs), "before": Commit(before, epochs)}, 1 if quick else ROUNDS)
    ratio = statistics.median(ratios(times["now"], times["before"]))
    goal = Goal(f"at most {GOAL} of the time at commit {BEFORE}", ratio, ratio <= GOAL, reason=_reason(ratio))
    row = (MODEL, statistics.median(times["now"]), statistics.median(times["before"]), ratio)
    return Measured(("model", "now, s", f"commit {BEFORE}, s", "now / then"), (row,), (goal,))


def _reason(ratio: float) -> str:
    return "" if ratio <= GOAL else REASON


def check_out(commit: str, folder: Path) -> Path:
    """Write the code, params and raw files of a commit into an empty folder, and return it.

    Raises:
        NotHereError: without Git's history.
    """
    command = ["git", "-C", str(code.ROOT), "archive", commit, "pipeline", "params.yaml", "data/raw"]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise NotHereError(f"commit {commit} is not in this clone; fetch the whole history with Git") from None
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder
