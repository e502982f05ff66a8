"""Train with little memory on a GPU: `python -m tests.support.gpu MODEL` in a project's folder."""

import torch

from pipeline.execution.context import Context
from pipeline.models.storage import Outcome, Weights
from pipeline.training import run
from pipeline.training.run import TrainingJob
from stages.train import main

LITTLE = 256 << 20  # bytes

train_job = run.run_job


def train_in_little_memory(job: TrainingJob, context: Context) -> tuple[Outcome, Weights]:
    """Train a network with a small part of the GPU's memory."""
    torch.cuda.set_per_process_memory_fraction(LITTLE / torch.cuda.get_device_properties(0).total_memory)
    return train_job(job, context)


if __name__ == "__main__":
    run.run_job = train_in_little_memory
    main()
