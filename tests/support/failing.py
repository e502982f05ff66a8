"""Train with one job that fails: `python -m tests.support.failing MODEL` in a project's folder."""

from pipeline.data.prepared import TRAIN
from pipeline.errors import DataError
from pipeline.execution.context import Context
from pipeline.models.storage import Outcome, Weights
from pipeline.training import run
from pipeline.training.run import TrainingJob
from stages.train import main

train_job = run.run_job


def fail(job: TrainingJob, context: Context) -> tuple[Outcome, Weights]:
    """Train a network, but not that of seed 2 on the training rows."""
    if (job.seed, job.fit) == (2, TRAIN):
        raise DataError("not enough disk")
    return train_job(job, context)


if __name__ == "__main__":
    from tests.support import failing  # so that a worker finds the function by its name

    run.run_job = failing.fail
    main()
