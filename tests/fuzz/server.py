"""Run commands in forks of a process that has loaded them, so that a trial costs little more than its work.

Requests and answers are lines of JSON: folder, arguments and seconds; exit code (null: it was ended) and output.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import IO, Any, NoReturn

import pipeline

PRELOADED = ["stages.check", "stages.evaluate", "stages.generate", "stages.predict", "stages.prepare", "stages.train"]
PRELOADED += ["pipeline.inference.load", "torch"]


def run(folder: str, arguments: list[str], seconds: float) -> dict[str, Any]:
    """Run a command in a folder; return its exit code and its output."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if not child:
            _become(folder, arguments, output)
        code = _wait(child, seconds)
        output.seek(0)
        return {"code": code, "output": output.read().decode(errors="replace")}


def _become(folder: str, arguments: list[str], output: IO[bytes]) -> NoReturn:
    code = 99
    try:
        os.setsid()
        os.chdir(folder)
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
        code = _call(*arguments)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:  # the fault that a trial looks for: its traceback and the code 99 show it
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _call(command: str, *arguments: str) -> int:
    """Call a command, or `pipeline.load` with the arguments of `load`."""
    if command != "load":
        importlib.import_module(f"stages.{command}").main(list(arguments), prog_name=command)
        return 0
    try:
        pipeline.load(*arguments)
    except pipeline.PipelineError as error:
        print(f"Error: {error}")
        return 1
    return 0


def _wait(child: int, seconds: float) -> int | None:
    """Return the exit code of a process; end it, and all that it started, if it takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    for name in PRELOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), flush=True)
