"""Say what a measurement was made on, without the machine's name or paths."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from pipeline.project import code


def describe() -> dict[str, str]:
    """Return the machine and versions; called before a measurement, as it holds the load that others make."""
    facts = {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "python": platform.python_version(),
        "torch": version("torch"),
        "numpy": version("numpy"),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }
    return facts | ({"gpu": gpu} if (gpu := _gpu()) else {})


def revision() -> str:
    """Return the commit of the code, and whether it was changed since."""
    try:
        commit = _output("git", "-C", str(code.ROOT), "rev-parse", "--short=7", "HEAD")
        changed = _output("git", "-C", str(code.ROOT), "status", "--porcelain", "--", "pipeline", "stages")
    except (OSError, subprocess.CalledProcessError):
        return "not known"
    return f"{commit} with changes" if changed else commit


def _processor() -> str:
    """Return the processor's model; virtual machines hide its name, but not the numbers of its generation."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return f"{facts['model name']} (family {facts['cpu family']}, model {facts['model']})"


def _gpu() -> str:
    try:
        return _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader").partition("\n")[0]
    except (OSError, subprocess.CalledProcessError):
        return ""


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
