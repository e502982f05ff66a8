"""The network: an encoder of the inputs, a stack of recurrent layers, a head.

Axes: b sequences, t steps, n values a step, k outputs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from pipeline.determinism import choose_device, make_deterministic
from pipeline.errors import REPAIR, NotTrainedError, ParamsError
from pipeline.models import ensemble, products, storage
from pipeline.models.cells import State, build_cell, run_with_kernel
from pipeline.models.dropout import Dropout
from pipeline.models.encoders import Scale, Shape, Values, build_encoder
from pipeline.models.projection import Inputs, Lookup
from pipeline.params.models import ModelParams

StackState = tuple[State, ...]


class Layer(nn.Module):
    """A cell that reads forwards, and in a bidirectional network a second one that reads backwards."""

    def __init__(self, params: ModelParams, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.forwards = build_cell(params.cell, input_size, hidden_size)
        self.backwards = build_cell(params.cell, input_size, hidden_size) if params.bidirectional else None
        self.output_size = self.forwards.output_size * (2 if self.backwards else 1)

    def forward(self, inputs: Inputs, lengths: Tensor | None, state: State | None) -> tuple[Tensor, State]:
        """Return the outputs of both directions side by side, and the state of the forward one.

        Only that is carried on: the other direction starts at the end.
        """
        cells = [self.forwards, self.backwards] if self.backwards else [self.forwards]
        if found := run_with_kernel(cells, inputs, lengths, state):
            return found
        vectors = inputs.vectors() if isinstance(inputs, Lookup) else inputs
        outputs, after = self.forwards(vectors, state)
        if self.backwards:
            backward, _ = self.backwards(reverse(vectors, lengths))
            outputs = torch.cat((outputs, reverse(backward, lengths)), 2)
        return outputs, after


class Stack(nn.Module):
    """Stacked layers with dropout between them."""

    def __init__(self, params: ModelParams, input_size: int) -> None:
        super().__init__()
        self.dropout = Dropout(params.dropout)
        self.layers = nn.ModuleList()
        self.output_size = input_size
        for hidden_size in params.hidden_sizes:
            layer = Layer(params, self.output_size, hidden_size)
            self.layers.append(layer)
            self.output_size = layer.output_size

    def forward(
        self, inputs: Inputs, lengths: Tensor | None = None, state: StackState | None = None
    ) -> tuple[Tensor, StackState]:
        """Run all layers; return the outputs of the last (b, t, m) and the state of each."""
        states = state or (None,) * len(self.layers)
        outputs, first = self.layers[0](inputs, lengths, states[0])
        after = [first]
        for layer, before in zip(self.layers[1:], states[1:], strict=True):
            outputs, layer_state = layer(self.dropout(outputs), lengths, before)
            after.append(layer_state)
        return outputs, tuple(after)


def reverse(inputs: Tensor, lengths: Tensor | None) -> Tensor:
    """Reverse each sequence (b, t, n) within its own length; padding stays where it is."""
    if lengths is None:
        return inputs.flip(1)
    steps = torch.arange(inputs.shape[1], device=inputs.device)  # (t,)
    mirrored = lengths.unsqueeze(1) - 1 - steps  # (b, t)
    source = torch.where(mirrored < 0, steps, mirrored)
    return inputs.gather(1, source.unsqueeze(2).expand_as(inputs))


class SequenceModel(nn.Module):
    """The whole network; its outputs are logits, or numbers in the targets' scale."""

    def __init__(self, params: ModelParams, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = build_encoder(params, shape)
        self.stack = Stack(params, self.encoder.size)
        self.bidirectional = params.bidirectional
        self.trains_every_step = shape.every_step or params.supervision == "every-step"
        self.input_dropout, self.output_dropout = Dropout(params.input_dropout), Dropout(params.output_dropout)
        self.head = HEADS[params.head](self.stack.output_size, shape.outputs)

    def forward(
        self, inputs: Tensor, lengths: Tensor | None = None, state: StackState | None = None
    ) -> tuple[Tensor, StackState]:
        """Run the network.

        Args:
            inputs: Symbols or numbers, (b, t).
            lengths: The length of each sequence, (b,); None if none is padded.
            state: The state to continue from; None for zeros.

        Returns:
            The outputs (b, t, k), or (b, k) for one at the end of each sequence; and the state after the last step.
        """
        outputs, after = self.stack(self._encode(inputs), lengths, state)
        if not (self.trains_every_step if self.training else self.shape.every_step):
            outputs = self._final(outputs, lengths)
        return self.head(self.output_dropout(outputs)), after

    def _encode(self, inputs: Tensor) -> Inputs:
        """Return the inputs as vectors (b, t, n), or symbols with the table of theirs."""
        if isinstance(self.encoder, Values) or (self.training and self.input_dropout.p):
            dropped: Tensor = self.input_dropout(self.encoder(inputs))
            return dropped
        return self.encoder.look_up(inputs)

    def _final(self, outputs: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the output of each direction after it has read the whole sequence."""
        ends = outputs[:, -1]
        if lengths is not None:
            last = (lengths - 1).view(-1, 1, 1).expand(-1, 1, outputs.shape[2])
            ends = outputs.gather(1, last).squeeze(1)
        if not self.bidirectional:
            return ends
        size = self.stack.output_size // 2
        return torch.cat((ends[:, :size], outputs[:, 0, size:]), 1)

    def unscale(self, outputs: Tensor) -> Tensor:
        """Bring numbers (b, 1) back to the unit of the data, (b,)."""
        return outputs.squeeze(1) * self.shape.targets_scale.std + self.shape.targets_scale.mean


class Ensemble(SequenceModel):
    """Networks of one shape, usually of one model's seeds, that answer as one.

    Its outputs are doubles: log-probabilities, or numbers in the targets' scale. Its state is those of all members.
    """

    def __init__(self, members: Sequence[SequenceModel]) -> None:
        nn.Module.__init__(self)  # not that of SequenceModel: all layers are the members'
        self.members = nn.ModuleList(members)
        self.shape, self.bidirectional = members[0].shape, members[0].bidirectional

    def forward(
        self, inputs: Tensor, lengths: Tensor | None = None, state: StackState | None = None
    ) -> tuple[Tensor, StackState]:
        """Return outputs and state as any network does."""
        layers = len(state) // len(self.members) if state else 0
        states = [state and state[index * layers : (index + 1) * layers] for index in range(len(self.members))]
        results = [member(inputs, lengths, before) for member, before in zip(self.members, states, strict=True)]
        outputs = [output.double() for output, _ in results]
        if self.shape.logits:
            combined = -ensemble.nll_of_mean([-functional.log_softmax(each, -1).numpy(force=True) for each in outputs])
        else:
            combined = ensemble.mean([each.numpy(force=True) for each in outputs])
        return torch.from_numpy(combined).to(inputs.device), tuple(chain.from_iterable(after for _, after in results))


HEADS: Mapping[str, Callable[[int, int], nn.Module]] = {
    "none": lambda input_size, outputs: nn.Identity(),
    "linear": products.Linear,
    "linear-relu": lambda input_size, outputs: nn.Sequential(products.Linear(input_size, outputs), nn.ReLU()),
}


NORMAL_STD = 0.01


def _draw_normal(model: SequenceModel) -> None:
    """Draw the weights of layers and head from a normal distribution; set their biases to 0."""
    for part in (model.stack, model.head):
        for weight in part.parameters():
            if weight.dim() > 1:
                nn.init.normal_(weight, std=NORMAL_STD)
            else:
                nn.init.zeros_(weight)


INITIALISATIONS: Mapping[str, Callable[[SequenceModel], None]] = {
    "uniform": lambda model: None,  # as each layer draws its weights when it is made
    "normal": _draw_normal,
}


def build_network(params: ModelParams, shape: Shape, name: str = "model") -> SequenceModel:
    """Return a network with random weights from torch's current seed.

    Raises:
        ParamsError: if a network without a head has another number of outputs than the data require.
    """
    if params.scaling == "none":
        shape = replace(shape, inputs_scale=Scale(), targets_scale=Scale())
    elif params.scaling == "min-max":
        shape = replace(shape, inputs_scale=shape.inputs_range, targets_scale=shape.targets_range)
    model = SequenceModel(params, shape)
    INITIALISATIONS[params.initialisation](model)
    if params.head == "none" and model.stack.output_size != shape.outputs:
        raise ParamsError(
            f"params.yaml: models.{name}.hidden_size: {model.stack.output_size} outputs without a head; "
            f"wanted {shape.outputs} for data set {params.dataset}, or head linear"
        )
    return model


def count_parameters(model: nn.Module) -> int:
    """Return the number of trained parameters of a network."""
    return sum(weight.numel() for weight in model.parameters())


def load_networks(
    params: ModelParams, shape: Shape, folder: Path, seeds: Iterable[int], fit: str
) -> dict[int, SequenceModel]:
    """Return the trained networks of some seeds on the chosen device, without those whose training diverged.

    Raises:
        NotTrainedError: if weights are missing, damaged, or not those of these networks.
    """
    found = {seed: load_network(params, shape, folder, seed, fit) for seed in seeds}
    return {seed: network for seed, network in found.items() if network is not None}


class _DrawsNothing(TorchFunctionMode):
    """Draws no normal weights: the meta device has none, and torch would take seconds to import its compiler."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        return kwargs["tensor"] if func is nn.init.normal_ else func(*args, **kwargs)


def load_network(params: ModelParams, shape: Shape, folder: Path, seed: int, fit: str) -> SequenceModel | None:
    """Return a trained network on the chosen device, or None if its training diverged.

    Raises:
        NotTrainedError: if its weights are missing, damaged, or not those of this network.
    """
    file = storage.weights_file(folder, seed, fit)
    if not storage.has_weights(file):
        return None
    make_deterministic()
    try:
        # No memory yet, as the params of a damaged file may ask for any amount.
        with torch.device("meta"), _DrawsNothing():
            weights = build_network(params, shape).state_dict()
    except ParamsError as error:
        raise NotTrainedError(f"{folder / storage.DESCRIPTION}: {error}; {REPAIR}") from None
    arrays = storage.read_weights(file, {name: tuple(weight.shape) for name, weight in weights.items()})
    model = build_network(params, shape)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    return model.to(choose_device())
