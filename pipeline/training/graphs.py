"""Optimiser steps on a GPU as CUDA graphs: the hundred kernels of a step are launched at once, not one by one.

A graph records the kernels of a step for one shape of a batch, with the addresses that they read and write; to take a
step, a batch is copied there, and the graph is replayed. Every step of a training is a replay, the first one too, and
recording changes nothing: so the bytes do not depend on when a graph was recorded, as after a resume.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from pipeline import determinism
from pipeline.models.network import StackState
from pipeline.tasks.batching import Batch
from pipeline.tasks.examples import Examples, Rows
from pipeline.training.optim import Optimiser

MOST = 128  # graphs that are kept, for each takes some memory
WARM_UP = 2  # steps before a recording, in which libraries start and load their kernels

Result = tuple[Tensor, Tensor, StackState]  # of a step: summed loss, items scored, state
TakeStep = Callable[[Batch, StackState | None], Result]
Recording = tuple[Callable[[], object], Result]  # what replays a step, and what each replay overwrites


class Recorder(Protocol):
    """What records the kernels of a step."""

    def aside(self) -> AbstractContextManager[None]:
        """Return a context to try a step in before it is recorded."""

    def record(self, step: Callable[[], Result]) -> Recording:
        """Record a step without taking it."""


class CudaRecorder:
    """Records CUDA graphs, which share memory as only one runs at a time, on a stream of its own, as CUDA requires."""

    def __init__(self) -> None:
        self.pool = torch.cuda.graph_pool_handle()
        self.stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Run a block on the recorder's stream, after what was launched before, and before what is launched later."""
        usual = torch.cuda.current_stream()
        self.stream.wait_stream(usual)
        with torch.cuda.stream(self.stream):
            yield
        usual.wait_stream(self.stream)

    def record(self, step: Callable[[], Result]) -> Recording:
        """Record a step, as `torch.cuda.graph` does, which hides the error of a step that fails."""
        torch.cuda.synchronize()
        torch.cuda.empty_cache()  # the graphs' memory is apart from torch's usual memory
        graph = torch.cuda.CUDAGraph()
        with self.aside():
            graph.capture_begin(pool=self.pool)
            try:
                result = step()
            except BaseException:
                with suppress(RuntimeError):
                    graph.capture_end()
                raise
            graph.capture_end()
        return graph.replay, result


@dataclass(frozen=True)
class RecordedStep:
    """A step for one shape of a batch."""

    read: tuple[Tensor, ...]  # what it reads: the tensors of a batch, and of the state before it
    replay: Callable[[], object]
    result: Result


class RecordedSteps:
    """Takes steps by replaying them; what a step returns is valid until the next one."""

    def __init__(self, step: TakeStep, optimiser: Optimiser, device: torch.device, recorder: Recorder) -> None:
        self.step, self.optimiser, self.device, self.recorder = step, optimiser, device, recorder
        self.learning_rate = optimiser.learning_rate_tensor = torch.zeros((), device=device)
        self.recorded: dict[tuple[torch.Size, ...], RecordedStep] = {}  # by the shapes of what they read

    def __call__(self, batch: Batch, state: StackState | None) -> Result:
        """Take a step."""
        given = _tensors(batch, state)
        shapes = tuple(tensor.shape for tensor in given)
        if shapes not in self.recorded:
            if len(self.recorded) == MOST:
                del self.recorded[next(iter(self.recorded))]  # the oldest
            self.recorded[shapes] = self._record(batch, state)
        recorded = self.recorded[shapes]
        for place, tensor in zip(recorded.read, given, strict=True):
            place.copy_(tensor)
        self.learning_rate.fill_(self.optimiser.learning_rate)
        recorded.replay()
        return recorded.result

    def _record(self, batch: Batch, state: StackState | None) -> RecordedStep:
        """Record the step of a batch's shape; weights, optimiser and random numbers stay as they are."""
        batch, state = _copy_batch(batch, None if batch.reset_state else state)

        def step() -> Result:
            result = self.step(batch, state)
            self.optimiser.zero_grad()  # lets the next recording use the memory of the gradients
            return result

        changing = [*self.optimiser.weights, *self.optimiser.state().values()]
        with self.recorder.aside(), _unchanged(changing, self.device):
            for _ in range(WARM_UP):
                step()
        return RecordedStep(_tensors(batch, state), *self.recorder.record(step))


def record_steps(step: TakeStep, optimiser: Optimiser, examples: Examples, device: torch.device) -> TakeStep:
    """Return what takes steps: on a GPU by replaying them, unless the rows have too many lengths, or as they are."""
    lengths = examples.lengths if isinstance(examples, Rows) else None
    few = lengths is None or len(np.unique(lengths)) <= MOST // 2  # a last, smaller batch has shapes of its own
    return RecordedSteps(step, optimiser, device, CudaRecorder()) if device.type == "cuda" and few else step


def _tensors(batch: Batch, state: StackState | None) -> tuple[Tensor, ...]:
    """Return what a step reads."""
    lengths = () if batch.lengths is None else (batch.lengths,)
    parts = () if batch.reset_state or state is None else (part for layer in state for part in layer)
    return (batch.inputs, batch.targets, *lengths, *parts)


def _copy_batch(batch: Batch, state: StackState | None) -> tuple[Batch, StackState | None]:
    """Return copies, contiguous whatever the batch is a part of."""
    lengths = None if batch.lengths is None else _clone(batch.lengths)
    copied = Batch(_clone(batch.inputs), _clone(batch.targets), lengths, batch.reset_state)
    return copied, state and tuple(tuple(map(_clone, layer)) for layer in state)


def _clone(tensor: Tensor) -> Tensor:
    return tensor.clone(memory_format=torch.contiguous_format)


@contextmanager
def _unchanged(tensors: Sequence[Tensor], device: torch.device) -> Iterator[None]:
    """Set tensors and random numbers after a block as they were before it."""
    before, random = [tensor.detach().clone() for tensor in tensors], determinism.random_state(device)
    yield
    for tensor, value in zip(tensors, before, strict=True):
        tensor.detach().copy_(value)
    determinism.restore_random_state(device, random)
