"""Serve MLflow's web pages with MLflow's own server, without the parts that take most of its memory."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from pipeline.errors import ParamsError, TrackingError
from pipeline.execution.lifecycle import terminate_with_parent
from pipeline.tracking import store

HOST, FIRST_PORT, PORTS = "127.0.0.1", 5000, 100
START_SECONDS = 120
VIEW = "#/experiments?workflowType=machine_learning"  # the default view is for traces of language models
LEAN = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}


def serve(announce: Callable[[str], None]) -> None:
    """Run a server over the local store until Ctrl-C, or only announce the server of MLFLOW_TRACKING_URI.

    Args:
        announce: Called with the link, once the server answers.

    Raises:
        ParamsError: if PORT or MLFLOW_TRACKING_URI cannot be used.
        TrackingError: if the server does not start, or ends by itself.
    """
    if store.is_server():
        announce(f"{store.uri_without_password().rstrip('/')}/{VIEW}")
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
                announce(f"http://{HOST}:{port}/{VIEW}\nCtrl-C to stop")
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
    return [sys.executable, "-m", "mlflow", "server", *(part for pair in options.items() for part in pair)]


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
