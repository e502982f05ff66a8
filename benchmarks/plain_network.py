"""Networks of params.yaml as tutorials build them: torch's layers, and nothing of this project's models.

Axes: b sequences, t steps, n values a step, h hidden units, k outputs.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.models.encoders import Shape
from pipeline.params.models import ModelParams
from pipeline.tasks.examples import UNSCORED

LAYERS: Mapping[str, Callable[..., nn.Module]] = {"scratch": nn.RNN, "rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
OPTIMISERS: Mapping[str, type[torch.optim.Adam]] = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


class LinearRecurrence(nn.Module):
    """h' = W[x; h] + b; the output of a step is [x; h]. torch has no such layer."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.hidden = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Step through sequences (b, t, n); return the outputs (b, t, n + h) and the last state (b, h)."""
        h = inputs.new_zeros(len(inputs), self.hidden_size) if state is None else state
        outputs = []
        for x in inputs.unbind(1):
            outputs.append(torch.cat((x, h), 1))
            h = self.hidden(outputs[-1])
        return torch.stack(outputs, 1), h


class Network(nn.Module):
    """An encoder, one of torch's layers, dropout and a linear head; the state is kept for the next batch of a text."""

    def __init__(self, params: ModelParams, shape: Shape, every_step: bool) -> None:
        super().__init__()
        self.input, self.shape, self.every_step = params.input, shape, every_step
        self.embedding = (
            nn.Embedding(shape.symbols or 0, params.embedding_size or 0) if self.input == "embedding" else None
        )
        sizes = {
            "one-hot": shape.symbols,
            "embedding": params.embedding_size,
            "values": 1,
            "flat": params.window or shape.length,
        }
        self.layers, output_size = _build_layers(params, sizes[params.input] or 0)
        self.dropout = nn.Dropout(params.output_dropout)
        self.head: nn.Module = nn.Linear(output_size, shape.outputs)
        self.hidden_size = params.hidden_sizes[0]
        self.state: Any = None  # of torch's layers: a tensor, or two of an LSTM

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the outputs (b, t, k), or (b, k) at the end of each sequence."""
        outputs, after = self.layers(self._encode(inputs), self.state)
        self.state = tuple(part.detach() for part in after) if isinstance(after, tuple) else after.detach()
        if not self.every_step:
            ends = -1 if lengths is None else lengths - 1
            last = outputs[torch.arange(len(outputs), device=outputs.device), ends]
            outputs = last if isinstance(self.layers, LinearRecurrence) else self._both_directions(last, outputs)
        return self.head(self.dropout(outputs))  # type: ignore[no-any-return]

    def _encode(self, inputs: Tensor) -> Tensor:
        if self.embedding:
            return self.embedding(inputs)  # type: ignore[no-any-return]
        if self.input == "one-hot":
            return functional.one_hot(inputs, self.shape.symbols or 0).float()
        scale = self.shape.inputs_scale
        return ((inputs - scale.mean) / scale.std).unsqueeze(1 if self.input == "flat" else 2)

    def _both_directions(self, last: Tensor, outputs: Tensor) -> Tensor:
        size = self.hidden_size
        return last if last.shape[1] == size else torch.cat((last[:, :size], outputs[:, 0, size:]), 1)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross-entropy, or the mean squared error of standardised numbers."""
        if self.shape.logits:
            return functional.cross_entropy(outputs.flatten(0, -2), targets.flatten(), ignore_index=UNSCORED)
        scale = self.shape.targets_scale
        return functional.mse_loss(outputs.squeeze(1), (targets - scale.mean) / scale.std)


def _build_layers(params: ModelParams, input_size: int) -> tuple[nn.Module, int]:
    """Return the recurrent layers and the size of their outputs."""
    size = params.hidden_sizes[0]
    if params.cell == "linear":
        return LinearRecurrence(input_size, size), input_size + size
    options: dict[str, Any] = {"bidirectional": params.bidirectional, "dropout": params.dropout}
    layers = LAYERS[params.cell](input_size, size, params.layers, batch_first=True, **options)
    return layers, size * (1 + params.bidirectional)


def build_optimiser(params: ModelParams, network: nn.Module) -> torch.optim.Optimizer:
    """Return torch's optimiser of this name, which updates all weights in one call."""
    betas = (0.9, params.beta2)
    make = OPTIMISERS[params.optimiser]
    return make(network.parameters(), params.learning_rate, betas, weight_decay=params.weight_decay, fused=True)
