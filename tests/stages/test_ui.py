import os
import signal
import socket
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.tracking import server
from stages.ui import main
from tests.processes import running
from tests.results_tree import REPOSITORY


def test_the_server_answers_and_ends_whole(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DVC_"))}
    environment |= {"PYTHONPATH": str(REPOSITORY), "PORT": ""}
    command = [sys.executable, "-m", "stages.ui"]
    with running(command, cwd=tmp_path, env=environment, text=True) as process:
        assert process.stdout is not None
        link = process.stdout.readline().strip()
        assert link.endswith("/#/experiments?workflowType=machine_learning")
        port = int(link.split(":")[2].partition("/")[0])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=20) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    assert server._is_free(port)


@pytest.mark.parametrize("port", ["five", "0", "70000"])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    result = CliRunner().invoke(main)
    assert (result.exit_code, result.output) == (
        1,
        f"Error: PORT: found '{port}'; wanted a number from 1 to 65535\n",
    )


def test_a_port_that_is_taken_is_refused_and_the_next_one_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        monkeypatch.setenv("PORT", str(port))
        result = CliRunner().invoke(main)
        assert (result.exit_code, result.output.startswith(f"Error: PORT: {port} is taken")) == (1, True)
        monkeypatch.delenv("PORT")
        monkeypatch.setattr(server, "FIRST_PORT", port)
        assert server._port() > port


def test_a_server_elsewhere_is_only_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@tracking.example")
    result = CliRunner().invoke(main)
    assert result.output.splitlines()[0] == "https://tracking.example/#/experiments?workflowType=machine_learning"
