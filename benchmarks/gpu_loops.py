"""Training loops that `benchmarks.gpu` times: ours, a plain one in torch, and ours as CUDA graphs."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.data.prepared import Prepared
from pipeline.models.encoders import Shape
from pipeline.models.network import StackState
from pipeline.models.storage import ALL_ROWS
from pipeline.params.models import ModelParams
from pipeline.tasks.batching import Batch, training_batches
from pipeline.tasks.examples import UNSCORED
from pipeline.training.loop import Trainer, train_step
from pipeline.training.optim import learning_rate_at

LAYERS: Mapping[str, Callable[..., nn.Module]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
WARM_UP = 2  # steps of a shape before it is captured

RunEpoch = Callable[[], float]  # returns the mean loss, for which it waits


def our_trainer(params: ModelParams, prepared: Prepared, name: str) -> Trainer:
    """Return a training on the training rows, without validation, on the chosen device."""
    alone = replace(prepared, splits={"train": prepared.splits["train"]})
    return Trainer(params, alone, params.seeds[0], ALL_ROWS, name)


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
    """Return what runs an epoch of a plain loop, on batches that are made beforehand, with torch's optimiser class."""
    params, shape = trainer.params, trainer.model.shape
    batches = list(training_batches(trainer.train, params, torch.Generator().manual_seed(1)))
    model = Plain(params, shape).to(trainer.device)
    make = torch.optim.AdamW if params.optimiser == "adamw" else torch.optim.Adam
    optimiser = make(model.parameters(), params.learning_rate, weight_decay=params.weight_decay, fused=True)
    every_step = trainer.model.trains_every_step

    def run_epoch() -> float:
        total, state = torch.zeros((), device=trainer.device), None
        for batch in batches:
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
        return total.item() / len(batches)

    return run_epoch


def plain_loss(outputs: Tensor, targets: Tensor, shape: Shape) -> Tensor:
    """Return the mean cross-entropy, or the mean squared error of standardised numbers."""
    if shape.logits:
        return functional.cross_entropy(outputs.flatten(0, -2), targets.flatten(), ignore_index=UNSCORED)
    return functional.mse_loss(outputs.squeeze(1), (targets - shape.targets_scale.mean) / shape.targets_scale.std)


@contextmanager
def torch_defaults() -> Iterator[None]:
    """Let torch use what it uses unless it is told otherwise: TF32 in recurrent layers, kernels that may vary."""
    torch.set_deterministic_debug_mode("default")
    torch.backends.cudnn.allow_tf32 = True
    yield
    torch.set_deterministic_debug_mode("error")
    torch.backends.cudnn.allow_tf32 = False


class Graphs:
    """A training whose steps are captured as CUDA graphs, one for each shape of a batch, and replayed.

    A step is then one launch instead of one for each kernel. The first steps of each shape run as usual.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer, self.pool = trainer, torch.cuda.graph_pool_handle()
        self.stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self.learning_rate = torch.zeros((), device=trainer.device)
        self.loss = torch.zeros((), device=trainer.device, dtype=torch.float64)
        self.scored = torch.zeros((), device=trainer.device, dtype=torch.int64)
        self.state: StackState | None = None
        self.seen: Counter[tuple[Any, ...]] = Counter()
        self.graphs: dict[tuple[Any, ...], tuple[torch.cuda.CUDAGraph, Batch]] = {}

    def run_epoch(self) -> float:
        """Train on every batch once; return the mean loss."""
        trainer = self.trainer
        with torch.cuda.stream(self.stream):
            self.loss.zero_()
            self.scored.zero_()
            batches = training_batches(trainer.train, trainer.params, trainer.generator)
            for done, batch in enumerate(batches):
                self.learning_rate.fill_(learning_rate_at(trainer.params, done / len(batches)))
                self.step(batch)
            return (self.loss / self.scored).item()

    def step(self, batch: Batch) -> None:
        """Take a step: as usual, or by replaying the graph of the batch's shape, which is captured first."""
        shapes = (None if part is None else part.shape for part in (batch.inputs, batch.targets, batch.lengths))
        key = (*shapes, batch.reset_state)
        self.seen[key] += 1
        if self.seen[key] <= WARM_UP:
            self.compute(batch)
            return
        if key not in self.graphs:
            self.graphs[key] = self.capture(batch)
        graph, static = self.graphs[key]
        for name in ("inputs", "targets", "lengths"):
            if (buffer := getattr(static, name)) is not None:
                buffer.copy_(getattr(batch, name))
        graph.replay()

    def capture(self, batch: Batch) -> tuple[torch.cuda.CUDAGraph, Batch]:
        """Record a step without running it; return the graph and the batch that it reads."""
        lengths = None if batch.lengths is None else batch.lengths.clone()
        static = Batch(batch.inputs.clone(), batch.targets.clone(), lengths, batch.reset_state)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool, stream=self.stream):
            self.compute(static)
        return graph, static

    def compute(self, batch: Batch) -> None:
        """Take a step, and add up what it returns in tensors that stay in their place."""
        trainer, optimiser = self.trainer, self.trainer.optimiser
        number, optimiser.learning_rate = optimiser.learning_rate, self.learning_rate  # type: ignore[assignment]
        loss, scored, after = train_step(
            trainer.task, trainer.model, optimiser, trainer.params, batch, self.state_for(batch)
        )
        optimiser.learning_rate = number
        self.loss += loss
        self.scored += scored
        if self.state is None:
            self.state = tuple(tuple(part.clone() for part in layer) for layer in after)
        elif self.state[0][0].shape == after[0][0].shape:
            for kept, new in zip(self.state, after, strict=True):
                for one, other in zip(kept, new, strict=True):
                    one.copy_(other)

    def state_for(self, batch: Batch) -> StackState | None:
        """Return the state that a batch continues from, which the graph reads from its place."""
        return None if batch.reset_state else self.state
