"""A training loop in plain torch, as tutorials have it, at batch 1: what a step of this project is measured against.

Its networks are torch's layers and its optimisers torch's classes. It draws no batches, keeps no history and can
neither be resumed nor repeated on another processor.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.plain_network import LinearRecurrence
from pipeline.data.prepared import DataCard
from pipeline.files import Arrays
from pipeline.params.models import ModelParams

LAYERS: dict[str, Callable[..., nn.Module]] = {"rnn": nn.RNN, "lstm": nn.LSTM}
OPTIMISERS: dict[str, Callable[..., torch.optim.Optimizer]] = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}

Example = tuple[Tensor, Tensor]  # symbols (1, t); the class (1,), or the symbol after each (t,)


class Network(nn.Module):
    """One-hot inputs, a stack of torch's layers, and a linear head if there is one."""

    def __init__(self, params: ModelParams, card: DataCard) -> None:
        super().__init__()
        symbols = card.symbols or 0
        self.every_step, outputs = card.classes is None, len(card.classes or ()) or symbols
        self.identity = torch.eye(symbols)
        size = params.hidden_sizes[0]
        if params.cell in LAYERS:
            make = LAYERS[params.cell]
            self.layers = make(symbols, size, params.layers, batch_first=True, dropout=params.dropout)
            self.head: nn.Module = nn.Linear(size, outputs) if params.head == "linear" else nn.Identity()
        else:
            self.layers, self.head = LinearRecurrence(symbols, size), nn.Linear(symbols + size, outputs)

    def forward(self, symbols: Tensor) -> Tensor:
        """Return logits (t, k), or (1, k) for one output a sequence."""
        outputs = self.layers(self.identity[symbols])[0]
        logits: Tensor = self.head(outputs[0] if self.every_step else outputs[:, -1])
        return logits


def read_examples(rows: Arrays) -> list[Example]:
    """Return rows as tensors, each with its class, or as a word and its letters one ahead."""
    torch.set_num_threads(1)
    texts = [torch.tensor(row[:end]).long() for row, end in zip(rows["symbols"], rows["lengths"], strict=True)]
    if "labels" not in rows:
        return [(text[None, :-1], text[1:]) for text in texts]
    labels = torch.tensor(rows["labels"]).long()[:, None]
    return [(text[None], label) for text, label in zip(texts, labels, strict=True)]


def train_epoch(model: Network, optimiser: torch.optim.Optimizer, clip: float, examples: Sequence[Example]) -> float:
    """Take a step for each example; return the mean loss."""
    total = 0.0
    for symbols, target in examples:
        optimiser.zero_grad()
        loss = functional.cross_entropy(model(symbols), target)
        loss.backward()  # type: ignore[no-untyped-call]
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimiser.step()
        total += loss.item()
    return total / len(examples)


def build_optimiser(params: ModelParams, model: Network) -> torch.optim.Optimizer:
    """Return torch's optimiser of this name."""
    return OPTIMISERS[params.optimiser](model.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay)
