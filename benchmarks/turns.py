"""Time loops in turns, each in a process of its own that works while the others wait.

Each process has kernels and one thread of its own. So a loop is not measured with what another has left in memory, and
the two sides of a pair meet the same machine.
"""

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.measured import NotHereError
from pipeline.determinism import KERNELS, PORTABLE_KERNELS
from pipeline.project import code

Run = Callable[[], float]  # does the work once, and returns what it took


@dataclass(frozen=True)
class Loop:
    """A function of a module of `benchmarks`, called with arguments in a process of its own; it returns a `Run`."""

    module: str
    function: str
    arguments: tuple[str, ...] = ()
    kernels: str = "portable"

    def start(self) -> "subprocess.Popen[str]":
        """Start the process."""
        command = [sys.executable, "-m", "benchmarks.turns", self.module, self.function, *self.arguments]
        return start(command, self.kernels, code.ROOT)


class Startable(Protocol):
    """What starts a process that answers each line of its input with what a run took."""

    def start(self) -> "subprocess.Popen[str]":
        """Start the process."""


def take_turns(loops: Mapping[str, Startable], rounds: int) -> dict[str, list[float]]:
    """Return what each loop took in each round; one round more is run before, to warm up."""
    with ExitStack() as stack:
        children = {key: stack.enter_context(loop.start()) for key, loop in loops.items()}
        times = [{key: _next(child) for key, child in children.items()} for _ in range(1 + rounds)]
        for child in children.values():
            child.communicate()
    return {key: [one[key] for one in times[1:]] for key in loops}


def once(loop: Startable) -> Any:
    """Return what a loop says after one run: numbers, text, or a mapping."""
    with loop.start() as child:
        answer = _next(child)
        child.communicate()
    return answer


def start(command: Sequence[str], kernels: str, root: Path, folder: Path | None = None) -> "subprocess.Popen[str]":
    """Start a process in a folder that runs the code of a checkout and inherits no kernel variables from this one."""
    inherited = {key: value for key, value in os.environ.items() if key not in PORTABLE_KERNELS}
    places = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH", ""))))
    environment = inherited | {KERNELS: kernels, "PYTHONPATH": places}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _next(child: "subprocess.Popen[str]") -> Any:
    """Have a process work once, while the others wait; return what it says."""
    if child.stdin is None or child.stdout is None:
        raise ValueError("no pipes to the process")
    with suppress(BrokenPipeError):
        child.stdin.write("\n")
        child.stdin.flush()
    if not (answer := child.stdout.readline()):
        raise NotHereError("a process failed, as it says above")
    return json.loads(answer)


def processor_seconds(run: Callable[[], object]) -> float:
    """Return what something takes in processor seconds, which other work on the machine disturbs least."""
    started = time.process_time()
    run()
    return time.process_time() - started


def main(module: str, function: str, *arguments: str) -> None:
    """Print what each run took, one for each line of the input."""
    import torch

    torch.set_num_threads(1)
    run: Run = getattr(importlib.import_module(f"benchmarks.{module}"), function)(*arguments)
    for _ in sys.stdin:
        print(json.dumps(run()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
