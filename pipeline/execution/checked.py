"""Find the workers of a Dask cluster that give the same bytes as this machine, and say why others do not."""

import os
import threading
import time
from collections.abc import Mapping
from typing import Any

import click
from distributed import Client

from pipeline import determinism
from pipeline.errors import ParamsError, PipelineError
from pipeline.execution import fingerprint, preload
from pipeline.execution.workers import EXECUTOR

SECONDS_TO_WAIT = 30.0  # for the first worker: one that is just starting imports torch
SECONDS_TO_MARK = 3.0  # for the mark of a worker that has started
SECONDS_BETWEEN_LOOKS = 0.5
SHOWN = 3  # refused workers in a message
DEVICES = "cpu", "cuda"


def find_workers(client: Client, interrupted: threading.Event) -> tuple[str, list[str]]:
    """Return the resource of the workers that may do jobs, and their addresses; name those that may not.

    Raises:
        KeyboardInterrupt: once `interrupted` is set.
        PipelineError: if there is none, after a while.
        ParamsError: if they are on the CPU as well as on GPUs, and PIPELINE_DEVICE does not choose.
    """
    wanted = {fingerprint.resource(fingerprint.describe(device)): device for device in _devices()}
    found = _wait_for(client, wanted, interrupted)
    refused = _describe_refused(client, [address for addresses in found.values() for address in addresses])
    if not found:
        raise PipelineError(f"{EXECUTOR}: {_describe_none(client, refused)}")
    if len(found) > 1:
        raise ParamsError(
            f"{determinism.DEVICE}: there are workers on the CPU and on GPUs, which give other bytes; "
            f"set it to {' or '.join(DEVICES)}"
        )
    if refused:
        click.echo(f"{EXECUTOR}: these workers get no jobs: {refused}", err=True)
    return next(iter(found.items()))


def _devices() -> tuple[str, ...]:
    """Return the types of device to look for: that of PIPELINE_DEVICE, or any."""
    chosen = os.environ.get(determinism.DEVICE, "").partition(":")[0]
    return (chosen,) if chosen else DEVICES


def _wait_for(client: Client, wanted: Mapping[str, str], interrupted: threading.Event) -> dict[str, list[str]]:
    """Return the workers as `_group` does, once there are some, or after a while."""
    started, seen = time.monotonic(), 0.0
    while not (found := _group(client, wanted)):
        now = time.monotonic()
        seen = seen or (now if _workers(client) else 0.0)
        if now - started > SECONDS_TO_WAIT or (seen and now - seen > SECONDS_TO_MARK):
            break
        if interrupted.wait(SECONDS_BETWEEN_LOOKS):
            raise KeyboardInterrupt
    return found


def _group(client: Client, wanted: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the addresses of the workers with each wanted resource, if there are any."""
    groups: dict[str, list[str]] = {}
    for address, worker in _workers(client).items():
        for resource in wanted.keys() & worker["resources"].keys():
            groups.setdefault(resource, []).append(address)
    return groups


def _workers(client: Client) -> Mapping[str, Any]:
    workers: Mapping[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
    return workers


def _describe_none(client: Client, refused: str) -> str:
    command = f"`{preload.COMMAND} {client.scheduler.address}`"
    if not refused:
        return f"the cluster has no workers; start some with {command}"
    return f"no worker gives the same bytes as this machine: {refused}"


def _describe_refused(client: Client, used: list[str]) -> str:
    """Return why each of the other workers gets no jobs."""
    others = [address for address in _workers(client) if address not in used]
    if not others:
        return ""
    reasons = client.run(preload.describe, workers=others, on_error="return")
    lines = [f"{address}: {_reason(found)}" for address, found in sorted(reasons.items())]
    more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "; ".join([*lines[:SHOWN], *more])


def _reason(found: Any) -> str:
    if isinstance(found, ImportError):
        return "it has not this version of the package; install it there, with the same lock"
    if isinstance(found, BaseException):
        return f"it does not answer ({type(found).__name__}); start it again"
    refusal, described = found
    if refusal:
        return str(refusal)
    wanted = fingerprint.describe(_devices()[0] if len(_devices()) == 1 else described["device"])
    return f"it has {fingerprint.differences(wanted, described)}; install the same there"
