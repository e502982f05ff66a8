"""Training loops that `benchmarks.gpu` times: ours, with and without CUDA graphs, and a plain one in torch."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.data.prepared import ALL_ROWS, Prepared
from pipeline.models.encoders import Shape
from pipeline.params.models import ModelParams
from pipeline.tasks.batching import training_batches
from pipeline.tasks.examples import UNSCORED
from pipeline.training.graphs import RecordedSteps
from pipeline.training.loop import Trainer, train_step

LAYERS: Mapping[str, Callable[..., nn.Module]] = {"scratch": nn.RNN, "rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}

RunEpoch = Callable[..., float]  # returns the mean loss, for which it waits


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


class Plain(nn.Module):
    """Embedding or numbers, one of torch's layers, dropout, and a linear head, as tutorials have it."""

    def __init__(self, params: ModelParams, shape: Shape) -> None:
        super().__init__()
        self.embedding = nn.Embedding(shape.symbols, params.embedding_size or 0) if shape.symbols else None
        size, hidden, directions = params.embedding_size or 1, params.hidden_sizes[0], 1 + params.bidirectional
        options = {"batch_first": True, "bidirectional": params.bidirectional, "dropout": params.dropout}
        self.layers = LAYERS[params.cell](size, hidden, params.layers, **options)
        self.dropout = nn.Dropout(params.output_dropout)
        self.head = nn.Linear(hidden * directions, shape.outputs)
        self.shape, self.hidden = shape, hidden

    def forward(self, inputs: Tensor, lengths: Tensor | None, every_step: bool, state: Any) -> tuple[Tensor, Any]:
        """Return the outputs (b, t, k), or (b, k) at the end of each sequence, and the state."""
        scale = self.shape.inputs_scale
        encoded = self.embedding(inputs) if self.embedding else ((inputs - scale.mean) / scale.std).unsqueeze(2)
        outputs, after = self.layers(encoded, state)
        if not every_step:
            ends = -1 if lengths is None else lengths - 1
            last = outputs[torch.arange(len(outputs), device=outputs.device), ends]
            outputs = torch.cat((last[:, : self.hidden], outputs[:, 0, self.hidden :]), 1)
        return self.head(self.dropout(outputs)), after


def plain_loop(trainer: Trainer) -> RunEpoch:
    """Return what runs an epoch of a plain loop, on batches that are made beforehand, with torch's optimiser class.

    It uses the defaults of torch: TF32 in recurrent layers, kernels that may vary.
    """
    params, shape = trainer.params, trainer.model.shape
    batches = list(training_batches(trainer.train, params, torch.Generator().manual_seed(1)))
    model = Plain(params, shape).to(trainer.device)
    make = torch.optim.AdamW if params.optimiser == "adamw" else torch.optim.Adam
    optimiser = make(model.parameters(), params.learning_rate, weight_decay=params.weight_decay, fused=True)
    every_step = trainer.model.trains_every_step

    @torch_defaults()
    def run_epoch(steps: int = len(batches)) -> float:
        total, state = torch.zeros((), device=trainer.device), None
        for batch in batches[:steps]:
            optimiser.zero_grad()
            before = None if batch.reset_state else state
            outputs, after = model(batch.inputs, batch.lengths, every_step, before)
            state = tuple(part.detach() for part in after) if isinstance(after, tuple) else after.detach()
            loss = plain_loss(outputs, batch.targets, shape)
            loss.backward()  # type: ignore[no-untyped-call]
            if params.gradient_clip:
                nn.utils.clip_grad_norm_(model.parameters(), params.gradient_clip)
            optimiser.step()
            total += loss.detach()
        return total.item() / steps

    return run_epoch


def plain_loss(outputs: Tensor, targets: Tensor, shape: Shape) -> Tensor:
    """Return the mean cross-entropy, or the mean squared error of standardised numbers."""
    if shape.logits:
        return functional.cross_entropy(outputs.flatten(0, -2), targets.flatten(), ignore_index=UNSCORED)
    return functional.mse_loss(outputs.squeeze(1), (targets - shape.targets_scale.mean) / shape.targets_scale.std)


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
