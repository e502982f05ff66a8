"""Serve MLflow's web pages with MLflow's own server, without the parts that take most of its memory."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.metadata import entry_points
from typing import IO

from pipeline.errors import ParamsError, TrackingError
from pipeline.execution.lifecycle import terminate_with_parent
from pipeline.tracking import pages, store, views

HOST, FIRST_PORT, PORTS = "127.0.0.1", 5000, 100
START_SECONDS, ANSWER_SECONDS = 120, 30
VIEW = "#/experiments?workflowType=machine_learning"  # the default view is for traces of language models
SWITCH = "If a page of these is empty, choose `Model training` at its top left; the browser remembers it."
ORDER = "creation_time ASC"
LEAN = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}


def serve(announce: Callable[[str], None]) -> None:
    """Run a server over the local store until Ctrl-C, or only announce the server of MLFLOW_TRACKING_URI.

    Args:
        announce: Called with a link for each data set, once the server answers.

    Raises:
        ParamsError: if PORT or MLFLOW_TRACKING_URI cannot be used.
        TrackingError: if the server does not start, or ends by itself, or that of MLFLOW_TRACKING_URI does not answer.
    """
    if store.is_server():
        announce(f"{format_links(store.uri_without_password(), _read_remote())}\n{SWITCH}")
        return
    port = choose_port()
    store.create_database()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # otherwise the server would outlive this process
    with tempfile.TemporaryFile("w+") as log:
        process = _start(_command(port), log)
        try:
            _wait_until_ready(process, port)
            if process.poll() is None:
                address = f"http://{HOST}:{port}"
                links = format_links(address, _read_local(address), shared=not _has_pages())
                announce(f"{links}\nCtrl-C to stop")
            process.wait()
        except KeyboardInterrupt:
            return  # the normal way to stop
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()
        log.seek(0)
        *_, reason = ("it printed nothing", *log.read().strip().splitlines())
        raise TrackingError(f"MLflow's server ended by itself: {reason}; run `mlflow server` to see all that it prints")


def format_links(address: str, experiments: Iterable[tuple[str, str]], *, shared: bool = True) -> str:
    """Return a line with the link of each data set; with the link of all experiments if there is none.

    Args:
        address: Of the server.
        experiments: The name and the id of each experiment that has our view.
        shared: Whether the server is one whose pages do not take that view by themselves.
    """
    ids = dict(experiments)
    if not ids:
        return f"{address.rstrip('/')}/{VIEW}"
    width = max(map(len, ids))
    return "\n".join(f"{name:<{width}}  {views.link(address, number, shared=shared)}" for name, number in ids.items())


def _read_remote() -> list[tuple[str, str]]:
    """Return the experiments of the server of MLFLOW_TRACKING_URI that have our view."""
    with store.connect() as client:
        found = client.search_experiments(filter_string=views.HAS_VIEW, order_by=[ORDER])
        return [(each.name, each.experiment_id) for each in found]


def _read_local(address: str) -> list[tuple[str, str]]:
    """Ask our own server for the same, without the import of MLflow, which takes longer than the answer.

    A server that has just ended has none; what is wrong with it is said elsewhere.
    """
    query = json.dumps({"filter": views.HAS_VIEW, "order_by": [ORDER], "max_results": 1000}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/2.0/mlflow/experiments/search", query, headers)  # noqa: S310
    with (
        suppress(OSError),
        urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer,  # noqa: S310 (an address of this machine)
    ):
        return [(each["name"], each["experiment_id"]) for each in json.load(answer).get("experiments", [])]
    return []


def _start(command: list[str], log: IO[str]) -> "subprocess.Popen[bytes]":
    """Start the server, which is two processes: in a session of their own, they can be ended together."""
    return subprocess.Popen(
        command,
        env=os.environ | LEAN,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=terminate_with_parent,  # also after `kill -9`; no other thread runs here
    )


def choose_port() -> int:
    """Return the port that PORT names, or else the first free one from 5000 on.

    Raises:
        ParamsError: if PORT is not the number of a free port.
        TrackingError: if PORT is not set, and none of the ports that are tried is free.
    """
    value = os.environ.get("PORT")
    if not value:
        free = (port for port in range(FIRST_PORT, FIRST_PORT + PORTS) if _is_free(port))
        if (port := next(free, None)) is None:
            raise TrackingError(f"no free port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1}; set PORT to a free one")
        return port
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise ParamsError(f"PORT: found {value!r}; wanted a number from 1 to 65535")
    if not _is_free(int(value)):
        raise ParamsError(f"PORT: {value} is taken; choose another, or unset it to take the next free one")
    return int(value)


def _command(port: int) -> list[str]:
    store.artifact_folder().mkdir(parents=True, exist_ok=True)
    options = {
        "--backend-store-uri": store.uri(),
        "--default-artifact-root": store.artifact_folder().as_uri(),
        "--host": HOST,
        "--port": str(port),
        "--workers": "1",
        "--uvicorn-opts": "--log-level warning",
    }
    if _has_pages():
        options["--app-name"] = pages.APP
    return [sys.executable, "-m", "mlflow", "server", *(part for pair in options.items() for part in pair)]


def _has_pages() -> bool:
    """Return whether MLflow can find our pages: only those of an installed copy of the code."""
    return bool(entry_points(group="mlflow.app", name=pages.APP))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Return once the server answers, or has ended."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    if process.poll() is None:
        raise TrackingError(f"MLflow's server did not answer within {START_SECONDS} s; try again")
