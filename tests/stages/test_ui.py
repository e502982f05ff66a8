import os
import signal
import socket
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from pipeline.tracking import server
from stages.ui import main
from tests.support.processes import free_port, running, wait
from tests.support.project import REPOSITORY


@pytest.mark.services
@pytest.mark.parametrize(("end", "code"), [(signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_the_server_answers_and_leaves_no_process(tmp_path: Path, end: signal.Signals, code: int) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DVC_"))}
    environment |= {"PYTHONPATH": str(REPOSITORY), "PORT": str(free_port())}
    command = [sys.executable, "-m", "stages.ui"]
    with running(command, cwd=tmp_path, env=environment, text=True) as process:
        assert process.stdout is not None
        link = process.stdout.readline().strip()
        assert link.endswith("/#/experiments?workflowType=machine_learning")
        port = int(link.split(":")[2].partition("/")[0])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=20) as answer:
            assert answer.status == 200
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(end)
        assert process.wait(timeout=20) == code
        assert len(children) > 1
        wait(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children), 20)
    socket.create_server(("127.0.0.1", port)).close()  # the port is free again


@pytest.mark.parametrize("port", ["five", "0", "70000"])
def test_a_value_that_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    result = CliRunner().invoke(main)
    assert (result.exit_code, result.output) == (
        1,
        f"Error: PORT: found '{port}'; wanted a number from 1 to 65535\n",
    )


def test_a_taken_port_is_refused_and_the_next_one_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        monkeypatch.setenv("PORT", str(port))
        result = CliRunner().invoke(main)
        assert (result.exit_code, result.output.startswith(f"Error: PORT: {port} is taken")) == (1, True)
        monkeypatch.setenv("PORT", "")
        monkeypatch.setattr(server, "FIRST_PORT", port)
        assert server.choose_port() > port


def test_a_remote_server_that_does_not_answer_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{free_port()}")
    result = CliRunner().invoke(main)
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)
    assert "no server answers there" in result.output
    assert "secret" not in result.output
