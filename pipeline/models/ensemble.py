"""Networks of one shape that answer as one: with the mean of their probabilities, or of their numbers."""

import math
from collections.abc import Sequence
from itertools import chain

import torch
from torch import Tensor, nn

from pipeline.models.network import SequenceModel, StackState


class Ensemble(SequenceModel):
    """An ensemble of networks, usually of one model's seeds.

    Its outputs are in double precision: log-probabilities, or numbers in the targets' scale. Its state is the states
    of all members, one after the other.
    """

    def __init__(self, members: Sequence[SequenceModel]) -> None:
        nn.Module.__init__(self)  # not that of SequenceModel: all layers are the members'
        self.members = nn.ModuleList(members)
        self.shape, self.bidirectional = members[0].shape, members[0].bidirectional

    def forward(
        self, inputs: Tensor, lengths: Tensor | None = None, state: StackState | None = None
    ) -> tuple[Tensor, StackState]:
        """Return outputs and state as any network does."""
        results = [
            member(inputs, lengths, before)
            for member, before in zip(self.members, self._split_state(state), strict=True)
        ]
        outputs = torch.stack([output.double() for output, _ in results])  # (members, ..., k)
        after = tuple(chain.from_iterable(after for _, after in results))
        if self.shape.symbols is None:
            return outputs.mean(0), after
        return torch.log_softmax(outputs, -1).logsumexp(0) - math.log(len(results)), after

    def _split_state(self, state: StackState | None) -> list[StackState | None]:
        """Return each member's part of a state."""
        if state is None:
            return [None] * len(self.members)
        layers = len(state) // len(self.members)
        return [state[start : start + layers] for start in range(0, len(state), layers)]
