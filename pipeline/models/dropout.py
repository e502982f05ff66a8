"""Dropout with cheap masks: on the CPU, torch's draws of one element at a time took a tenth of a training.

torch draws a double for each element. Here four elements share one draw of 64 bits, each with 16 of its own.
"""

import torch
from torch import Tensor, nn

LEVELS = 1 << 16


class Dropout(nn.Dropout):
    """`nn.Dropout`, with `p` rounded to a multiple of 1/65,536, from the same generator of torch."""

    def forward(self, inputs: Tensor) -> Tensor:
        """In training, set a random share `p` of the elements to zero and scale the others to keep the mean."""
        if not (self.training and self.p):
            return inputs
        if inputs.device.type != "cpu":
            return super().forward(inputs)
        kept = min(max(round((1 - self.p) * LEVELS), 1), LEVELS - 1)
        return inputs * ((_random_levels(inputs.shape) < kept - LEVELS // 2) * (LEVELS / kept))


def _random_levels(shape: torch.Size) -> Tensor:
    """Return uniform random 16-bit integers."""
    words = torch.empty(-(-shape.numel() // 4), dtype=torch.int64)
    words.random_(torch.iinfo(torch.int64).min, None)  # all 64 bits
    return words.view(torch.int16)[: shape.numel()].view(shape)
