"""Evaluate predictions of the next symbol, of a text or of words."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.prepared import DataCard, Prepared
from pipeline.evaluation import bounds, descriptions, metrics
from pipeline.evaluation.baselines import next_symbol as baselines
from pipeline.evaluation.results import Evaluations
from pipeline.evaluation.tables import Table
from pipeline.evaluation.tasks.base import ComparedMetric, FormatEvaluation, Metrics, Scores, TaskEvaluation
from pipeline.params.schema import BASELINE

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions


def compute_metrics(predictions: "Predictions", card: DataCard) -> Metrics:
    """Return perplexity, bits per symbol and loss, and an accuracy: of a text's symbols, or of the letters of words.

    An ensemble has no `best`, and so no accuracy.
    """
    nll, truth = predictions["nll"], predictions["truth"]
    of_nll = {
        "perplexity": metrics.perplexity(nll),
        "bits_per_symbol": metrics.bits_per_symbol(nll),
        "loss": metrics.loss(nll),
    }
    if "best" not in predictions:
        return of_nll
    in_vocabulary = truth != (-1 if card.unknown is None else card.unknown)
    correct = (predictions["best"] == truth) & in_vocabulary  # predicting the `unknown` token is never correct
    if "row" not in predictions:
        return of_nll | {"accuracy": float(correct.mean())}
    row = predictions["row"]
    final = np.append(row[1:] != row[:-1], True)  # the last entry of each row
    letters = {"letter_accuracy": float(correct.mean()), "final_letter_accuracy": float(correct[final].mean())}
    return letters | of_nll


def symbol_nll(predictions: "Predictions") -> Scores:
    """Return the negative log-likelihood of each symbol, in nats."""
    return np.asarray(predictions["nll"], dtype=np.float64)


def words(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield each word, the letters that the refit of a model's first seed predicts, and their accuracy over seeds."""
    for model in evaluations.models:
        seeds = list(evaluations.predictions(model, "all_rows").values())
        if prepared.vocabulary is None or not seeds or "row" not in seeds[0]:
            continue
        first = seeds[0]
        correct = np.mean([predictions["best"] == predictions["truth"] for predictions in seeds], axis=0)
        for row in np.unique(first["row"]):
            items = first["row"] == row
            rest, output = (prepared.vocabulary.decode(first[name][items].tolist()) for name in ("truth", "best"))
            initial = prepared.vocabulary.decode([_first_symbol(prepared, int(row))])
            yield model, initial + rest, output, round(float(correct[items].mean()), 6)


def _first_symbol(prepared: Prepared, row: int) -> int:
    """Return the first symbol of a row, counted over all splits."""
    for arrays in prepared.splits.values():
        if row < len(arrays["symbols"]):
            return int(arrays["symbols"][row, 0])
        row -= len(arrays["symbols"])
    raise IndexError(row)


def samples(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield the texts that each model generated, from the first seed that did not diverge."""
    done = set()
    for evaluation in evaluations.all:
        if evaluation.samples and evaluation.model not in done:
            done.add(evaluation.model)
            for sample in evaluation.samples:
                yield evaluation.model, evaluation.seed, sample.temperature, sample.prefix, sample.text


NEXT_SYMBOL = TaskEvaluation(
    about=descriptions.NEXT_SYMBOL,
    loss_unit="cross-entropy (nats a symbol)",
    metrics=compute_metrics,
    compared=ComparedMetric("loss", symbol_nll),
    tables=(
        Table("words.csv", ("model", "word", "output", "correct"), words),
        Table("samples.csv", ("model", "seed", "temperature", "prefix", "text"), samples),
    ),
    generates=True,
    formats=(
        FormatEvaluation(
            about=descriptions.WORDS,
            fits={BASELINE: baselines.frequent},
            bound=bounds.next_symbol_bound,
        ),
        FormatEvaluation(
            about=descriptions.TEXT,
            fits={
                BASELINE: baselines.ngrams,
                "baseline-frequent": baselines.frequent,
                "baseline-compressor": baselines.compressor,
            },
            block_size=50,
        ),
    ),
)
