"""Generate text with a language model, a symbol at a time."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.data.prepared.vocabulary import Vocabulary
from pipeline.models.network import SequenceModel, StackState


def generate(
    model: SequenceModel, vocabulary: Vocabulary, prefix: str, length: int, temperature: float, seed: int
) -> Iterator[str]:
    """Yield symbols that continue a prefix.

    Args:
        model: A network of task next symbol.
        vocabulary: That of its data set.
        prefix: The text to continue, at least one symbol.
        length: The number of symbols to yield.
        temperature: The logits are divided by it before a symbol is sampled; 0 takes the most likely symbol.
        seed: Of the samples.
    """
    generator = torch.Generator().manual_seed(seed)
    device = next(model.parameters()).device
    model.eval()
    state: StackState | None = None
    symbols = torch.tensor([vocabulary.encode(prefix).astype(int).tolist()], device=device)  # (1, t)
    for _ in range(length):
        with torch.inference_mode():
            outputs, state = model(symbols, state=state)
        index = _choose(outputs[0, -1].float().cpu().numpy(), vocabulary.unknown, temperature, generator)
        yield vocabulary.decode([index])
        symbols = torch.tensor([[index]], device=device)


def _choose(logits: NDArray[np.float32], unknown: int | None, temperature: float, generator: torch.Generator) -> int:
    """Return a symbol's id, never that of the `unknown` token."""
    allowed = torch.from_numpy(logits.astype(np.float64))
    if unknown is not None:
        allowed[unknown] = -torch.inf
    if temperature == 0:
        return int(allowed.argmax())
    return int(torch.multinomial(torch.softmax(allowed / temperature, 0), 1, generator=generator))
