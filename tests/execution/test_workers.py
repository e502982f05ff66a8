"""Where jobs run, as the environment says."""

import os
import subprocess
import sys

import pytest

from pipeline.errors import ParamsError
from pipeline.execution import fingerprint, workers
from tests.support.project import REPOSITORY

WITHOUT_DASK = """
import sys
sys.modules["distributed"] = None
from pipeline.execution import executor
from stages.command import reports_errors
reports_errors(executor.run)(print, [1])
"""


@pytest.mark.parametrize("value", [None, "", "local"])
def test_jobs_run_on_this_machine_if_nothing_else_is_said(value, monkeypatch):
    monkeypatch.delenv(workers.EXECUTOR, raising=False)
    if value is not None:
        monkeypatch.setenv(workers.EXECUTOR, value)
    assert workers.cluster() is None


@pytest.mark.parametrize("value", ["tcp://host:8786", "tls://10.0.0.1:1", "tcp://[::1]:8786"])
def test_an_address_is_that_of_a_cluster(value, monkeypatch):
    monkeypatch.setenv(workers.EXECUTOR, value)
    assert workers.cluster() == value


@pytest.mark.parametrize("value", ["dask", "tcp://host", "http://host:80", "tcp://host:80/x", "tcp://a b:1", "Local"])
def test_anything_else_is_refused(value, monkeypatch):
    monkeypatch.setenv(workers.EXECUTOR, value)
    with pytest.raises(ParamsError) as raised:
        workers.cluster()
    assert str(raised.value) == (
        f"PIPELINE_EXECUTOR: found {value!r}; wanted local, or tcp://HOST:PORT of a Dask scheduler"
    )


def test_a_cluster_without_dask_names_the_cure():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_DASK],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, workers.EXECUTOR: "tcp://127.0.0.1:1"},
    )
    assert done.returncode == 1 or "ClickException" in done.stderr
    assert "PIPELINE_EXECUTOR: a cluster needs Dask, and there is no module distributed; run `make dask`" in done.stderr


def test_workers_are_told_apart_by_what_decides_bytes(monkeypatch):
    wanted = fingerprint.describe("cpu")
    assert fingerprint.resource(wanted) == fingerprint.resource(fingerprint.describe("cpu"))
    assert fingerprint.resource(wanted) != fingerprint.resource(fingerprint.describe("cuda"))
    monkeypatch.setenv("PIPELINE_KERNELS", "native")
    found = fingerprint.describe("cpu")
    assert fingerprint.resource(wanted) != fingerprint.resource(found)
    assert fingerprint.differences(wanted, found) == "kernels native instead of portable"
