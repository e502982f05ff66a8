"""The task of predicting each symbol of a sequence from those before it."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pipeline.data.prepared import Prepared
from pipeline.files import Arrays
from pipeline.models.encoders import Shape
from pipeline.models.network import SequenceModel
from pipeline.params.models import ModelParams
from pipeline.tasks.base import Predictions, constant_cross_entropy, cross_entropy
from pipeline.tasks.batching import Batch, reading_batches
from pipeline.tasks.examples import UNSCORED, Examples, Rows, all_targets, next_symbol_rows, text_stream
from pipeline.tasks.reading import read_outputs


class NextSymbol:
    """Predict the next symbol, of rows (words) or of one long text.

    Predictions: `nll` (negative log-likelihood of the true symbol, in nats), `best` (the most likely symbol) and
    `truth`; for rows also `row` and `step`, the position of the predicted symbol, counted from 0.
    """

    def shape(self, prepared: Prepared) -> Shape:
        """Return the shape of a network that reads symbols and gives logits at every step."""
        symbols = prepared.card.symbols
        return Shape(symbols, symbols or 0, every_step=True, logits=True)

    def examples(self, arrays: Arrays, history: Arrays | None, params: ModelParams, device: torch.device) -> Examples:
        """Return rows, or a stream that continues its history."""
        if "stream" in arrays:
            return text_stream(arrays, history, params.sequence_length or 1, device)
        return next_symbol_rows(arrays, device)

    def loss(self, model: SequenceModel, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the summed cross-entropy and the number of symbols."""
        return cross_entropy(outputs, batch.targets)

    def constant_loss(self, model: SequenceModel, train: Examples, scored: Examples) -> float:
        """Return the cross-entropy of each symbol's share of the training symbols, whatever comes before it."""
        return constant_cross_entropy(all_targets(train), all_targets(scored), model.shape.outputs)

    def predict(self, model: SequenceModel, examples: Examples, params: ModelParams) -> Predictions:
        """Predict every symbol once."""
        pairs = [
            (batch, _score(batch, outputs)) for batch, outputs in read_outputs(model, reading_batches(examples, params))
        ]
        rows = isinstance(examples, Rows)
        axis = 0 if rows else 1  # rows follow one another; a text's streams stand side by side
        width = max(batch.targets.shape[1] for batch, _ in pairs) if rows else 0
        truth = np.concatenate([_pad_columns(batch.targets, width) for batch, _ in pairs], axis)
        scored = truth != UNSCORED
        found = {"truth": truth[scored]}
        for name in ("nll", "best"):
            values = np.concatenate([_pad_columns(scores[name], width) for _, scores in pairs], axis)
            found[name] = values[scored]
        if rows:
            found["row"], found["step"] = (index.astype(np.int64) for index in np.nonzero(scored))
            found["step"] += 1  # the first symbol is read, never predicted
        return found


def _score(batch: Batch, outputs: Tensor) -> dict[str, Tensor]:
    """Return for each step the nll of its target and the most likely symbol, (b, t) each."""
    log_probs = functional.log_softmax(outputs.float(), 2)
    of_target = log_probs.gather(2, batch.targets.clamp(min=0).unsqueeze(2)).squeeze(2)
    return {"nll": -of_target, "best": log_probs.argmax(2)}


def _pad_columns(values: Tensor, width: int) -> np.ndarray:
    """Return (b, t) on the CPU, with unscored columns added up to `width`."""
    missing = max(width - values.shape[1], 0)
    return functional.pad(values, (0, missing), value=UNSCORED).cpu().numpy()
