"""The task of predicting each symbol of a sequence from those before it."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pipeline.artifacts import Arrays
from pipeline.batches import Batch
from pipeline.datasets.prepared import Card
from pipeline.examples import UNSCORED, Examples, Rows, next_symbol_rows, stream
from pipeline.judgement import Predictions
from pipeline.models import SequenceModel, Shape
from pipeline.settings.models import ModelSettings
from pipeline.tasks import reading
from pipeline.tasks.losses import cross_entropy


class NextSymbol:
    """Predict the next symbol, of rows (words) or of one long text.

    Predictions: `nats` (negative log probability of the true symbol), `best` (the most likely symbol)
    and `truth`; for rows also `row` and `step`, the place of the predicted symbol, counted from 0.
    """

    def shape(self, card: Card) -> Shape:
        """Return a model that reads symbols and answers at every step."""
        return Shape(card.symbols, card.symbols or 0, every_step=True)

    def examples(
        self, arrays: Arrays, history: Arrays | None, settings: ModelSettings, device: torch.device
    ) -> Examples:
        """Make rows, or a stream that goes on from its history."""
        if "stream" in arrays:
            return stream(arrays, history, settings.window or 1, device)
        return next_symbol_rows(arrays, device)

    def loss(self, model: SequenceModel, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the summed cross-entropy and the number of symbols."""
        return cross_entropy(outputs, batch.targets)

    def predict(self, model: SequenceModel, examples: Examples, settings: ModelSettings) -> Predictions:
        """Predict every symbol once."""
        pairs = [(batch, _answers(batch, result)) for batch, result in reading.outputs(model, examples, settings)]
        rows = isinstance(examples, Rows)
        axis = 0 if rows else 1  # rows follow one another; a text's windows stand side by side
        width = max(batch.targets.shape[1] for batch, _ in pairs)
        truth = np.concatenate([_filled(batch.targets, width if rows else 0) for batch, _ in pairs], axis)
        scored = truth != UNSCORED
        found = {"truth": truth[scored]}
        for name in ("nats", "best"):
            whole = np.concatenate([_filled(answer[name], width if rows else 0) for _, answer in pairs], axis)
            found[name] = whole[scored]
        if rows:
            found["row"], found["step"] = (where.astype(np.int64) for where in np.nonzero(scored))
            found["step"] += 1  # the first symbol is read, never predicted
        return found


def _answers(batch: Batch, outputs: Tensor) -> dict[str, Tensor]:
    """Return for each step the nats of its target and the symbol thought most likely, (b, t) each."""
    log_probs = functional.log_softmax(outputs.float(), 2)
    picked = log_probs.gather(2, batch.targets.clamp(min=0).unsqueeze(2)).squeeze(2)
    return {"nats": -picked, "best": log_probs.argmax(2)}


def _filled(values: Tensor, width: int) -> np.ndarray:
    """Bring (b, t) to the CPU, unscored columns added up to `width`."""
    missing = max(width - values.shape[1], 0)
    return functional.pad(values, (0, missing), value=UNSCORED).cpu().numpy()
