"""Run jobs of which one kills its worker: `python -m tests.support.murderous`, with a cluster in PIPELINE_EXECUTOR."""

import os
import signal
import time

import click

from pipeline.execution import executor
from pipeline.execution.context import Context
from stages.command import reports_errors

LABELS = "quick", "killer", "patient", "later"


def live_or_kill(label: str, context: Context) -> str:
    """Kill this worker, as the system does when memory runs out, or take a moment."""
    time.sleep(0.5)
    if label == "killer":
        os.kill(os.getpid(), signal.SIGKILL)
    return label


@click.command()
@reports_errors
def main() -> None:
    """Run the jobs."""
    from tests.support import murderous  # so that a worker finds the function by its name

    executor.run(murderous.live_or_kill, LABELS, labels=LABELS)


if __name__ == "__main__":
    main()
