"""Show the runs in a browser: MLflow's own server, without the parts that take most of its memory."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress

from pipeline.errors import UserError
from pipeline.tracking import store

HOST, FIRST_PORT, PORTS = "127.0.0.1", 5000, 100
START_SECONDS = 120
VIEW = "#/experiments?workflowType=machine_learning"  # else the page opens in the view for traces
LEAN = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}


def serve(announce: Callable[[str], None]) -> None:
    """Run a server over the local store until Ctrl-C; `announce` the link once it answers."""
    if store.is_server():
        announce(f"{store.shown().rstrip('/')}/{VIEW}")
        return
    port = _port()
    store.make()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)  # or else a server would be left behind
    with tempfile.TemporaryFile("w+") as log:
        # In a group of its own, which ends as a whole: the server consists of two processes.
        process = subprocess.Popen(
            _command(port), env=os.environ | LEAN, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait(process, port)
            if process.poll() is None:
                announce(f"http://{HOST}:{port}/{VIEW}\nCtrl-C to stop")
            process.wait()
        except KeyboardInterrupt:
            return  # that is how one leaves
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()
        log.seek(0)
        raise UserError(f"MLflow's server ended by itself:\n{log.read().strip()}")


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


def _port() -> int:
    """Return the port that PORT names, or else the first free one from 5000 on."""
    wanted = os.environ.get("PORT")
    if not wanted:
        free = (port for port in range(FIRST_PORT, FIRST_PORT + PORTS) if _is_free(port))
        if (port := next(free, None)) is None:
            raise UserError(f"no free port from {FIRST_PORT} on; set PORT to one")
        return port
    if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
        raise UserError(f"PORT: found {wanted!r}; wanted a number from 1 to 65535")
    if not _is_free(int(wanted)):
        raise UserError(f"PORT: {wanted} is taken; choose another, or unset it to take the next free one")
    return int(wanted)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
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
        raise UserError(f"MLflow's server did not answer within {START_SECONDS} s; try again")
