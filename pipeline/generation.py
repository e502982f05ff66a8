"""Write text with a language model, a symbol at a time."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.codec import Codec
from pipeline.models import SequenceModel, StackState


def generate(
    model: SequenceModel, codec: Codec, prefix: str, length: int, temperature: float, seed: int
) -> Iterator[str]:
    """Yield `length` symbols that go on from `prefix`; temperature 0 takes the most likely each time."""
    generator = torch.Generator().manual_seed(seed)
    where = next(model.parameters()).device
    model.eval()
    state: StackState | None = None
    symbols = torch.tensor([codec.encode(prefix).astype(int).tolist()], device=where)  # (1, t)
    for _ in range(length):
        with torch.inference_mode():
            outputs, state = model(symbols, state=state)
        index = _choose(outputs[0, -1].float().cpu().numpy(), codec.unknown, temperature, generator)
        yield codec.decode([index])
        symbols = torch.tensor([[index]], device=where)


def _choose(logits: NDArray[np.float32], unknown: int | None, temperature: float, generator: torch.Generator) -> int:
    """Choose a symbol, never the one that stands for unknown ones."""
    allowed = torch.from_numpy(logits.astype(np.float64))
    if unknown is not None:
        allowed[unknown] = -torch.inf
    if temperature == 0:
        return int(allowed.argmax())
    return int(torch.multinomial(torch.softmax(allowed / temperature, 0), 1, generator=generator))
