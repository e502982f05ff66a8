"""Evaluate predictions of the next symbol, of a text or of words."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.prepared import DataCard, Prepared
from pipeline.data.prepared.vocabulary import Vocabulary
from pipeline.evaluation import bounds, metrics
from pipeline.evaluation.about import Difference
from pipeline.evaluation.baselines import next_symbol as baselines
from pipeline.evaluation.baselines.samples import describe_sample
from pipeline.evaluation.results import Evaluations, Sample
from pipeline.evaluation.tables import Table
from pipeline.evaluation.tasks.base import Baseline, Bound, Compared, Metrics, References, Scores, TaskEvaluation
from pipeline.models import ensemble
from pipeline.models.storage import HELD_OUT, REFIT

if TYPE_CHECKING:
    from pipeline.models.network import SequenceModel
    from pipeline.tasks.base import Predictions

TEMPERATURES = (0.0, 0.8)  # of the samples
PREFIX_LENGTH, SAMPLE_LENGTH = 24, 240  # characters of a text
MAX_WORDS = 200  # in the table
PREFIX_WORDS = 4  # test words whose first letters are continued


def compute_metrics(predictions: "Predictions", card: DataCard) -> Metrics:
    """Return perplexity, bits per symbol and loss, and an accuracy: of a text's symbols, or of the letters of words.

    Where some symbols are out of vocabulary, the perplexity of the others is beside the total. An ensemble has no
    `best`, and so no accuracy.
    """
    nll, truth = predictions["nll"], predictions["truth"]
    in_vocabulary = truth != (-1 if card.unknown is None else card.unknown)
    has_both = in_vocabulary.any() and not in_vocabulary.all()
    of_nll = {
        "perplexity": metrics.perplexity(nll),
        **({"perplexity_known": metrics.perplexity(nll[in_vocabulary])} if has_both else {}),
        "bits_per_symbol": metrics.bits_per_symbol(nll),
        "loss": metrics.loss(nll),
    }
    if "best" not in predictions:
        return of_nll
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
    """Yield the first words, the letters that the refit of the first seed predicts, and their accuracy over seeds."""
    for model in evaluations.models:
        seeds = list(evaluations.predictions(model, "all_rows").values())
        if prepared.vocabulary is None or not seeds or "row" not in seeds[0]:
            continue
        first = seeds[0]
        correct = np.mean([predictions["best"] == predictions["truth"] for predictions in seeds], axis=0)
        for row in np.unique(first["row"])[:MAX_WORDS]:
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


def generate(prepared: Prepared, load: "Callable[[str], SequenceModel | None]", seed: int) -> Iterator[Sample]:
    """Let a network continue the first words of the test text, or the first letters of test words."""
    from pipeline.models import sampling  # late: it imports torch, which only the workers need

    if prepared.vocabulary is None or "test" not in prepared.splits:
        return
    # A list of words is small: a fit on a part of it hardly generates any of them.
    model = load(HELD_OUT if _is_stream(prepared) or not prepared.card.refit else REFIT)
    if model is None:
        return
    for prefix, length in _prefixes(prepared, prepared.vocabulary):
        for temperature in TEMPERATURES:
            text = "".join(sampling.generate(model, prepared.vocabulary, prefix, length, temperature, seed))
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


def combine(members: "Sequence[Predictions]") -> "Predictions":
    """Return the ensemble's predictions: the nll of the mean probability of the true symbol.

    The members' predictions have the probability of no other symbol, so the most likely one is not known, and `best`
    is left out.
    """
    combined = {name: value for name, value in members[0].items() if name != "best"}
    return {**combined, "nll": ensemble.nll_of_mean([each["nll"] for each in members])}


WORDS = References(
    {
        "baseline-frequent": Baseline(
            baselines.frequent,
            "letter frequencies",
            "Predicts each letter with its share of the letters to predict in the training words, whatever comes "
            "before it.",
        ),
    },
    Bound(
        bounds.next_symbol_bound,
        "The distribution of the letters that follow each prefix in these same words: no model that reads letters from "
        "left to right can do better on them.",
    ),
)
TEXT = References(
    {
        "baseline-ngrams": Baseline(
            baselines.ngrams,
            "n-grams with modified Kneser-Ney smoothing",
            "An n-gram model: counts of the symbols that follow the last few symbols in the training text, "
            "interpolated with modified Kneser-Ney smoothing; its order is chosen on the validation text.",
            sampled=True,
        ),
        "baseline-frequent": Baseline(
            baselines.frequent,
            "symbol frequencies",
            "Predicts each symbol with its share of the training text, whatever comes before it.",
        ),
        "baseline-compressor": Baseline(
            baselines.compressor,
            "a general-purpose compressor",
            "The bits per symbol that a general-purpose compressor (bzip2 or LZMA, the better on the validation text) "
            "adds when the text is appended to the training text.",
            sampled=True,
        ),
    },
    block_size=50,
)


def find_references(prepared: Prepared) -> References:
    """Return those of one long text, or of words."""
    return replace(TEXT, sample=describe_sample(prepared)) if _is_stream(prepared) else WORDS


def _is_stream(prepared: Prepared) -> bool:
    return "stream" in prepared.splits["train"]


TASK = TaskEvaluation(
    goal="predict the next symbol",
    loss_unit="cross-entropy (nats a symbol)",
    metrics=(
        metrics.LETTER_ACCURACY,
        metrics.FINAL_LETTER_ACCURACY,
        metrics.PERPLEXITY,
        metrics.PERPLEXITY_KNOWN,
        metrics.BITS_PER_SYMBOL,
        metrics.LOSS,
        metrics.ACCURACY,
    ),
    compute=compute_metrics,
    primary=(metrics.LETTER_ACCURACY, metrics.PERPLEXITY, metrics.LOSS),
    primary_of_refit=(metrics.LOSS, metrics.PERPLEXITY),
    compared=Compared(metrics.LOSS, symbol_nll, Difference(name="loss", unit="nats per symbol")),
    references=find_references,
    combine=combine,
    tables=(
        Table("words.csv", ("model", "word", "output", "correct"), words, "Word by word"),
        Table("samples.csv", ("model", "seed", "temperature", "prefix", "text"), samples, "Generated text"),
    ),
    generate=generate,
    leaks_target=lambda params: params.bidirectional,  # the backward direction has read the next symbol
    leak="leaks its target: it reads its text in both directions, so the symbol to predict is part of its input. Its "
    "perplexity does not measure skill, and it cannot be used as a language model: when it generates text, the next "
    "symbol is not there to be read.",
)
