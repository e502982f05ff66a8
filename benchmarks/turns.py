"""Time loops in turns, each in a process of its own that works while the others wait.

Each process has kernels and one thread of its own. So a loop is not measured with what another has left in memory, and
the two sides of a pair meet the same machine.
"""

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measured import NotHereError
from pipeline.determinism import KERNELS, PORTABLE_KERNELS
from pipeline.project import code

Run = Callable[[], float]  # does the work once, and returns what it took


@dataclass(frozen=True)
class Loop:
    """A function of a module that is called with arguments in a process of its own, and returns a `Run`."""

    module: str
    function: str
    arguments: tuple[str, ...] = ()
    kernels: str = "portable"
    root: Path = code.ROOT  # the checkout whose code runs


def take_turns(loops: Mapping[str, Loop], rounds: int) -> dict[str, list[float]]:
    """Return what each loop took in each round; one round more is run before, to warm up."""
    with ExitStack() as stack:
        children = {key: stack.enter_context(_start(loop)) for key, loop in loops.items()}
        times = [{key: _next(child) for key, child in children.items()} for _ in range(1 + rounds)]
        for child in children.values():
            child.communicate()
    return {key: [one[key] for one in times[1:]] for key in loops}


def _start(loop: Loop) -> "subprocess.Popen[str]":
    """Start a process that inherits no kernel variables from this one."""
    inherited = {key: value for key, value in os.environ.items() if key not in PORTABLE_KERNELS}
    places = os.pathsep.join(filter(None, (str(loop.root), str(code.ROOT), os.environ.get("PYTHONPATH", ""))))
    environment = inherited | {KERNELS: loop.kernels, "PYTHONPATH": places}
    command = [sys.executable, "-m", "benchmarks.turns", loop.module, loop.function, *loop.arguments]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _next(child: "subprocess.Popen[str]") -> float:
    """Have a process work once, while the others wait."""
    if child.stdin is None or child.stdout is None:
        raise ValueError("no pipes to the process")
    with suppress(BrokenPipeError):
        child.stdin.write("\n")
        child.stdin.flush()
    if not (answer := child.stdout.readline()):
        raise NotHereError("a process failed, as it says above")
    return float(answer)


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
        print(run(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
