"""Networks of one shape that answer as one: the mean of their probabilities, or of their numbers."""

import math
from collections.abc import Sequence
from itertools import chain

import torch
from torch import Tensor, nn

from pipeline.models import SequenceModel, StackState


class Ensemble(SequenceModel):
    """A model made of others, usually of one model's seeds.

    Its outputs are in double precision: logarithms of probabilities that sum to 1, or numbers in the
    targets' scale. Its state is the states of all members, one after the other.
    """

    def __init__(self, members: Sequence[SequenceModel]) -> None:
        nn.Module.__init__(self)  # not that of SequenceModel: all layers are the members'
        self.members = nn.ModuleList(members)
        self.shape, self.both = members[0].shape, members[0].both

    def forward(
        self, inputs: Tensor, lengths: Tensor | None = None, state: StackState | None = None
    ) -> tuple[Tensor, StackState]:
        """Return outputs and state as any model does."""
        answers = [
            member(inputs, lengths, before) for member, before in zip(self.members, self._parted(state), strict=True)
        ]
        outputs = torch.stack([output.double() for output, _ in answers])  # (members, ..., k)
        after = tuple(chain.from_iterable(after for _, after in answers))
        if self.shape.symbols is None:
            return outputs.mean(0), after
        return torch.log_softmax(outputs, -1).logsumexp(0) - math.log(len(answers)), after

    def _parted(self, state: StackState | None) -> list[StackState | None]:
        """Return each member's part of a state."""
        if state is None:
            return [None] * len(self.members)
        layers = len(state) // len(self.members)
        return [state[start : start + layers] for start in range(0, len(state), layers)]
