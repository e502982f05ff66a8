"""The sizes of a network, from params and the shapes of prepared arrays, without building it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.data.prepared import DataCard, Prepared
from pipeline.params.models import ModelParams


@dataclass(frozen=True)
class Cell:
    """What a cell has for each unit of its hidden size.

    Attributes:
        blocks: Weights for each input and each hidden unit.
        biases: Biases for each of these.
        kept: Numbers that a step of training keeps, with their gradients.
    """

    blocks: int
    biases: int
    kept: int


CELLS: Mapping[str, Cell] = {
    "linear": Cell(blocks=1, biases=1, kept=6),
    "scratch": Cell(blocks=1, biases=1, kept=6),
    "rnn": Cell(blocks=1, biases=2, kept=6),
    "rnn-relu": Cell(blocks=1, biases=2, kept=6),
    "gru": Cell(blocks=3, biases=2, kept=16),
    "lstm": Cell(blocks=4, biases=2, kept=14),
}


@dataclass(frozen=True)
class Sizes:
    """The sizes of a network."""

    parameters: int
    step_weights: int  # used in products at each step
    output_weights: int  # of the head
    every_step: bool  # the head is used at each step in training, not once a sequence
    kept: int  # numbers that training keeps of a step
    layers: int

    def operations(self, sequences: float, steps: float) -> float:
        """Return the multiplications and additions of reading sequences with so many steps in all."""
        return 2 * (self.step_weights * steps + self.output_weights * (steps if self.every_step else sequences))


def measure_network(params: ModelParams, prepared: Prepared) -> Sizes:
    """Return the sizes of a network without building it."""
    card, cell, layers = prepared.card, CELLS[params.cell], list(_layers(params, prepared))
    weights = sum(cell.blocks * hidden * (inputs + hidden) for inputs, hidden in layers)
    biases = sum(cell.blocks * hidden * cell.biases for _, hidden in layers)
    symbols, outputs, head_inputs = card.symbols or 0, _count_outputs(card), _count_head_inputs(layers, params)
    head = 0 if params.head == "none" else head_inputs * outputs
    every_step = card.task == "next-symbol" or params.supervision == "every-step"
    kept = sum(cell.kept * hidden + 2 * inputs for inputs, hidden in layers)
    return Sizes(
        parameters=weights + biases + symbols * (params.embedding_size or 0) + (head + outputs if head else 0),
        step_weights=weights,
        output_weights=head,
        every_step=every_step,
        kept=kept + (2 * head_inputs + 4 * outputs if every_step else 0),
        layers=len(layers),
    )


def _layers(params: ModelParams, prepared: Prepared) -> Iterator[tuple[int, int]]:
    """Yield the inputs and the hidden size of each layer, once for each direction."""
    directions = 2 if params.bidirectional else 1
    inputs = _count_inputs(params, prepared)
    for hidden in params.hidden_sizes:
        yield from [(inputs, hidden)] * directions
        inputs = directions * _count_cell_outputs(params, inputs, hidden)


def _count_head_inputs(layers: Sequence[tuple[int, int]], params: ModelParams) -> int:
    inputs, hidden = layers[-1]
    return (2 if params.bidirectional else 1) * _count_cell_outputs(params, inputs, hidden)


def _count_cell_outputs(params: ModelParams, inputs: int, hidden: int) -> int:
    return hidden + (inputs if params.cell == "linear" else 0)


def _count_inputs(params: ModelParams, prepared: Prepared) -> int:
    sizes = {
        "one-hot": prepared.card.symbols,
        "embedding": params.embedding_size,
        "values": 1,
        "flat": params.window or width(prepared, "train"),
    }
    return sizes[params.input] or 1


def _count_outputs(card: DataCard) -> int:
    return len(card.classes) if card.classes else card.symbols or 1


def width(prepared: Prepared, split: str) -> int:
    """Return how many symbols or numbers the longest row of a split has."""
    return max((array.shape[1] for array in prepared.splits[split].values() if array.ndim == 2), default=1)
