"""A Dask cluster for a test: a scheduler and workers, each a process of its own in a folder of its own."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
from distributed import Client
from distributed.security import Security

from pipeline import determinism
from tests.support.processes import free_port, running, wait
from tests.support.project import REPOSITORY

CHECKED = ("--preload", "pipeline.execution.preload", "--nthreads", "1")
FIXED = determinism.PORTABLE_KERNELS | determinism.ONE_THREAD  # in this process, not in that of who starts a worker
FRESH = {name: value for name, value in os.environ.items() if name not in FIXED}
BLIND = (*CHECKED, "--preload", "tests.support.blind")  # sees no folder of the client


class Cluster:
    """A scheduler, and workers that are started one by one."""

    def __init__(self, folder: Path, processes: ExitStack, security: Security | None = None) -> None:
        self._folder, self._processes, self._security = folder, processes, security
        self.environment = _certificates(security) if security else {}
        protocol, port = "tls" if security else "tcp", free_port()
        self.address = f"{protocol}://127.0.0.1:{port}"
        command = ["scheduler", "--no-dashboard", "--protocol", protocol, "--port", str(port)]
        self.scheduler = self._start("scheduler", command)
        self.nannies: list[psutil.Process] = []

    def add_worker(self, options: Sequence[str] = CHECKED, **environment: str) -> None:
        """Start a worker, and wait until the scheduler knows it."""
        name = f"worker-{len(self.nannies)}"
        place = ["--name", name, "--local-directory", str(self._folder / name)]
        command = ["worker", "--no-dashboard", *options, *place, self.address]
        self.nannies.append(self._start(name, command, **environment))
        wait(lambda: name in self._names(), seconds=120)

    def add_from_python(self) -> None:
        """Start a worker as Dask's objects in Python do, such as SSHCluster: from a description, by no command."""
        preload = ["pipeline.execution.preload"]
        options = {"nthreads": 1, "preload": preload, "preload_nanny": preload, "name": "from-python"}
        spec = json.dumps({"0": {"cls": "distributed.Nanny", "opts": options}})
        self.nannies.append(self._start("from-python", ["spec", self.address, "--spec", spec]))
        wait(lambda: "from-python" in self._names(), seconds=120)

    def kill_worker(self, number: int) -> None:
        """Kill a worker's own process, as the system does when memory runs out; its nanny starts another."""
        for child in self.nannies[number].children(recursive=True):
            if "spawn_main" in " ".join(child.cmdline()):
                child.kill()

    def has_clients(self) -> bool:
        """Return whether a client is connected."""
        with Client(self.address, security=self._security, set_as_default=False) as client:
            clients = client.run_on_scheduler(lambda dask_scheduler: [*dask_scheduler.clients])
        return len([name for name in clients if "Client-" in name]) > 1  # this one too

    def restart(self) -> None:
        """Restart all workers, as a user may from a notebook; what they do is lost."""
        with Client(self.address, security=self._security, set_as_default=False) as client:
            client.restart(wait_for_workers=False)

    def variables(self) -> list[str]:
        """Return the names of the variables that the scheduler holds."""
        with Client(self.address, security=self._security, set_as_default=False) as client:
            return client.run_on_scheduler(lambda dask_scheduler: [*dask_scheduler.extensions["variables"].variables])

    def _names(self) -> list[str]:
        with Client(self.address, security=self._security, set_as_default=False) as client:
            workers = client.scheduler_info(n_workers=-1)["workers"].values()
            return [worker["name"] for worker in workers]

    def _start(self, name: str, command: list[str], **environment: str) -> psutil.Process:
        folder = self._folder / name
        folder.mkdir()
        log = self._processes.enter_context((folder / "log.txt").open("w"))
        own = {"PYTHONPATH": str(REPOSITORY), "PIPELINE_CHECKPOINTS": "0.1"}
        process = running(
            [sys.executable, "-m", "dask", *command],
            cwd=folder,
            env={**FRESH, **own, **self.environment, **environment},
            stdout=log,
            stderr=log,
        )
        return psutil.Process(self._processes.enter_context(process).pid)


@contextmanager
def cluster(
    folder: Path, workers: Sequence[Sequence[str]] = (CHECKED, CHECKED), security: Security | None = None
) -> Iterator[Cluster]:
    """Start a cluster that ends with the block; with `security` it is one of TLS."""
    folder.mkdir(exist_ok=True)
    with ExitStack() as processes:
        started = Cluster(folder, processes, security)
        for options in workers:
            started.add_worker(options)
        yield started


def _certificates(security: Security) -> dict[str, str]:
    """Return the variables by which Dask's configuration has the certificates, for each kind of process."""
    found = {"CA_FILE": security.tls_ca_file}
    for kind in ("scheduler", "worker", "client"):
        found |= {
            f"{kind.upper()}__{part.upper()}": getattr(security, f"tls_{kind}_{part}") for part in ("key", "cert")
        }
    return {f"DASK_DISTRIBUTED__COMM__TLS__{name}": value for name, value in found.items()}
