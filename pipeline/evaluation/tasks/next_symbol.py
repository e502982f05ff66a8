"""Evaluate predictions of the next symbol, of a text or of words."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.prepared import ALL_ROWS, TRAIN, DataCard, Prepared
from pipeline.data.prepared.vocabulary import Vocabulary
from pipeline.evaluation import metrics
from pipeline.evaluation.about import Difference
from pipeline.evaluation.results import Evaluations, Sample
from pipeline.evaluation.tables import Table
from pipeline.evaluation.tasks.base import Compared, Forms, Scores, TaskEvaluation

if TYPE_CHECKING:
    from pipeline.models.network import SequenceModel
    from pipeline.tasks.base import Predictions

TEMPERATURES = (0.0, 0.8)  # of the samples
PREFIX_LENGTH, SAMPLE_LENGTH = 24, 240  # characters of a text
SAMPLE_SEED = 1  # that of stage `generate`, which then writes the same
MAX_WORDS = 200  # in the table
SYMBOLS: Forms = {"truth": ("i", 1), "nll": ("f", 1), "best": ("i", 1)}
PREFIX_WORDS = 4  # test words whose first letters are continued


def compute_scores(predictions: "Predictions", card: DataCard) -> Scores:
    """Return perplexity, bits per symbol and loss, and an accuracy: of a text's symbols, or of the letters of words.

    Where some symbols are out of vocabulary, the perplexity of the others is beside the total.
    """
    nll, truth = predictions["nll"], predictions["truth"]
    in_vocabulary = truth != (-1 if card.unknown is None else card.unknown)
    has_both = in_vocabulary.any() and not in_vocabulary.all()
    known = metrics.mean(np.where(in_vocabulary, nll, 0.0), in_vocabulary)
    of_nll = {
        "perplexity": metrics.perplexity(nll),
        **({"perplexity_known": replace(known, finish=metrics.exp)} if has_both else {}),
        "bits_per_symbol": metrics.bits_per_symbol(nll),
        "loss": metrics.loss(nll),
    }
    correct = (predictions["best"] == truth) & in_vocabulary  # predicting the `unknown` token is never correct
    if "row" not in predictions:
        return of_nll | {"accuracy": metrics.mean(correct)}
    row = predictions["row"]
    final = np.append(row[1:] != row[:-1], True)  # the last entry of each row
    return {"letter_accuracy": metrics.mean(correct), "final_letter_accuracy": metrics.mean(correct, final)} | of_nll


def words(prepared: Prepared, evaluations: Evaluations) -> Iterator[Sequence[object]]:
    """Yield the first words, the letters that the fit to all rows predicts, and the share that is correct."""
    for model, predictions in evaluations.predictions(ALL_ROWS).items():
        if prepared.vocabulary is None or "row" not in predictions or model not in evaluations.models:
            continue
        correct = predictions["best"] == predictions["truth"]
        for row in np.unique(predictions["row"])[:MAX_WORDS]:
            items = predictions["row"] == row
            rest, output = (prepared.vocabulary.decode(predictions[name][items].tolist()) for name in ("truth", "best"))
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
    """Yield the texts that each model generated."""
    for evaluation in evaluations.all:
        for sample in evaluation.samples:
            yield evaluation.model, sample.temperature, sample.prefix, sample.text


def generate(prepared: Prepared, load: "Callable[[str], SequenceModel | None]") -> Iterator[Sample]:
    """Let a model continue the first words of the test text, or the first letters of test words."""
    from pipeline.models import sampling  # late: it imports torch, which only the workers need

    if prepared.vocabulary is None or "test" not in prepared.splits:
        return
    # A list of words is small: a fit to a part of it hardly generates any of them.
    model = load(TRAIN if _is_stream(prepared) or not prepared.card.refit else ALL_ROWS)
    if model is None:
        return
    for prefix, length in _prefixes(prepared, prepared.vocabulary):
        for temperature in TEMPERATURES:
            text = "".join(sampling.generate(model, prepared.vocabulary, prefix, length, temperature, SAMPLE_SEED))
            yield Sample(temperature, prefix, text)


def _prefixes(prepared: Prepared, vocabulary: Vocabulary) -> Iterator[tuple[str, int]]:
    """Yield each prefix that a network continues, and the number of symbols to generate."""
    test = prepared.splits["test"]
    if _is_stream(prepared):
        opening = vocabulary.decode(test["stream"][: 2 * PREFIX_LENGTH].tolist())
        after_space = opening[PREFIX_LENGTH // 2 :].partition(" ")[2][:PREFIX_LENGTH]
        yield after_space or opening[:PREFIX_LENGTH], SAMPLE_LENGTH  # not every script has spaces
        return
    longest = max(int(arrays["lengths"].max()) for arrays in prepared.splits.values())
    for letter in dict.fromkeys(test["symbols"][:, 0].tolist()[:PREFIX_WORDS]):
        yield vocabulary.decode([letter]), longest - 1


def count_neighbours(prepared: Prepared) -> int:
    """Return how many neighbours are correlated: the symbols of a text are; each word is a block of its own."""
    return 50 if _is_stream(prepared) else 1


def _is_stream(prepared: Prepared) -> bool:
    return "stream" in prepared.splits["train"]


TASK = TaskEvaluation(
    goal="predict the next symbol",
    loss_unit="cross-entropy (nats a symbol)",
    predictions=(SYMBOLS, {**SYMBOLS, "row": ("i", 1), "step": ("i", 1)}),
    metrics=(
        metrics.LETTER_ACCURACY,
        metrics.FINAL_LETTER_ACCURACY,
        metrics.PERPLEXITY,
        metrics.PERPLEXITY_KNOWN,
        metrics.BITS_PER_SYMBOL,
        metrics.LOSS,
        metrics.ACCURACY,
    ),
    scores=compute_scores,
    primary=(metrics.LETTER_ACCURACY, metrics.PERPLEXITY, metrics.LOSS),
    primary_of_all_rows=(metrics.LOSS, metrics.PERPLEXITY),
    compared=Compared(metrics.LOSS, Difference(name="loss", unit="nats per symbol")),
    block_size=count_neighbours,
    tables=(
        Table("words.csv", ("model", "word", "output", "correct"), words, "Word by word"),
        Table("samples.csv", ("model", "temperature", "prefix", "text"), samples, "Generated text"),
    ),
    generate=generate,
    leaks_target=lambda params: params.bidirectional,  # the backward direction has read the next symbol
    leak="leaks its target: it reads its text in both directions, so the symbol to predict is part of its input. Its "
    "perplexity does not measure skill, and it cannot be used as a language model: when it generates text, the next "
    "symbol is not there to be read.",
)
