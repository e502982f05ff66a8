"""Training loops that benchmarks time: ours, with and without CUDA graphs, and a plain one in torch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice

import torch
from torch import Tensor, nn

from benchmarks.plain_network import Network, build_optimiser
from pipeline.data.prepared import ALL_ROWS, Prepared
from pipeline.params.models import ModelParams
from pipeline.tasks.batching import Batch, training_batches
from pipeline.training.graphs import RecordedSteps
from pipeline.training.loop import Trainer, train_step

RunEpoch = Callable[[], float]  # returns the mean loss, for which it waits


def our_trainer(params: ModelParams, prepared: Prepared, name: str, graphs: bool = True) -> Trainer:
    """Return a training on the training rows, without validation, on the chosen device."""
    alone = replace(prepared, splits={"train": prepared.splits["train"]})
    trainer = Trainer(params, alone, params.seeds[0], ALL_ROWS, name)
    if not graphs:
        trainer.take_step = partial(train_step, trainer.task, trainer.model, trainer.optimiser, params)
        trainer.optimiser.learning_rate_tensor = None
    return trainer


def count_graphs(trainer: Trainer) -> int:
    """Return how many graphs a training has recorded."""
    return len(trainer.take_step.recorded) if isinstance(trainer.take_step, RecordedSteps) else 0


def same_weights(one: Trainer, other: Trainer) -> bool:
    """Return whether the networks of two trainings are the same, to the bit."""
    pairs = zip(one.model.state_dict().values(), other.model.state_dict().values(), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)


def take_steps(trainer: Trainer, count: int) -> None:
    """Take the first steps of an epoch."""
    state = None
    for batch in islice(training_batches(trainer.train, trainer.params, trainer.generator), count):
        _, _, state = trainer.take_step(batch, state)
    if trainer.device.type == "cuda":
        torch.cuda.synchronize()


def count_steps(trainer: Trainer) -> int:
    """Return the number of steps of an epoch."""
    return len(training_batches(trainer.train, trainer.params, torch.Generator().manual_seed(1)))


def our_loop(trainer: Trainer) -> RunEpoch:
    """Return what runs an epoch as `stages.train` does."""
    return lambda: trainer.run_epoch(1).train_loss


def plain_loop(trainer: Trainer) -> RunEpoch:
    """Return what runs an epoch of a plain loop, on batches that are made beforehand, with torch's optimiser class.

    It uses the defaults of torch: TF32 in recurrent layers, kernels that may vary.
    """
    params = trainer.params
    batches = list(training_batches(trainer.train, params, torch.Generator().manual_seed(1)))
    model = Network(params, trainer.model.shape, trainer.model.trains_every_step).to(trainer.device)
    optimiser = build_optimiser(params, model)

    @torch_defaults()
    def run_epoch() -> float:
        total = torch.zeros((), device=trainer.device)
        for batch in batches:
            total += plain_step(params, model, optimiser, batch)
        return total.item() / len(batches)

    return run_epoch


def plain_step(params: ModelParams, model: Network, optimiser: torch.optim.Optimizer, batch: Batch) -> Tensor:
    """Take one optimiser step as tutorials do; return the mean loss."""
    optimiser.zero_grad()
    if batch.reset_state:
        model.state = None
    loss = model.loss(model(batch.inputs, batch.lengths), batch.targets)
    loss.backward()  # type: ignore[no-untyped-call]
    if params.gradient_clip:
        nn.utils.clip_grad_norm_(model.parameters(), params.gradient_clip)
    optimiser.step()
    return loss.detach()


@contextmanager
def torch_defaults() -> Iterator[None]:
    """Let torch choose its kernels, as it does by default."""
    torch.set_deterministic_debug_mode("default")
    torch.backends.cudnn.allow_tf32 = True
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode("error")
        torch.backends.cudnn.allow_tf32 = False
