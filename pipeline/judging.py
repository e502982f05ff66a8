"""Judge one network, baseline or limit on the splits of its data set; runs in a worker."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline import device, generation, limits, model_folder, numerics, scores
from pipeline.artifacts import Arrays
from pipeline.baselines.learning import Lesson
from pipeline.baselines.registry import FITS
from pipeline.codec import Codec
from pipeline.datasets import prepared as data
from pipeline.datasets.prepared import Prepared
from pipeline.examples import joined
from pipeline.history import HELD_OUT, REFIT
from pipeline.judgement import Answer, Judgement, Measured, Question, Sample
from pipeline.references import LIMIT
from pipeline.restoring import restored
from pipeline.tasks import TASKS

TEMPERATURES = (0.0, 0.8)
PREFIX, SAMPLE = 24, 240  # characters
WORDS = 4  # whose first letters are gone on from


def judge(question: Question) -> Judgement:
    """Judge the fit to training rows on validation and test rows, and the refit on all rows, as `train`."""
    prepared = data.read(question.prepared)
    answers = _answers(prepared, question)
    metrics = {
        split: answer.metrics if isinstance(answer, Measured) else scores.scores(answer, prepared.card)
        for split, answer in answers.items()
    }
    predictions = {split: answer for split, answer in answers.items() if not isinstance(answer, Measured)}
    samples = tuple(_samples(prepared, question)) if prepared.card.task == "next-symbol" else ()
    return Judgement(question.model, question.seed, metrics, predictions, samples, _caveat(question))


def _caveat(question: Question) -> str:
    """Say why another machine may come to other figures; baselines and limit need no device."""
    said = numerics.caveat(device.choose().type if question.folder is not None else "cpu")
    return said.replace("trained on", "judged on", 1)


def _splits(prepared: Prepared) -> dict[str, tuple[str, Arrays | None, Arrays]]:
    """Return for each judged split the fit that is judged on it, the arrays before it, and its own."""
    splits = prepared.splits
    judged: dict[str, tuple[str, Arrays | None, Arrays]] = {}
    if prepared.card.refit:
        judged["train"] = (REFIT, None, joined(splits))
    if "test" in splits:
        known = {split: splits[split] for split in ("train", "validation")}
        judged["validation"] = (HELD_OUT, splits["train"], splits["validation"])
        judged["test"] = (HELD_OUT, joined(known), splits["test"])  # a window may be longer than the validation
    return judged


def _answers(prepared: Prepared, question: Question) -> Mapping[str, Answer]:
    if question.folder is not None:
        return _network(prepared, question.folder, question.seed)
    return _limit(prepared) if question.model == LIMIT else _baseline(prepared, question.model)


def _limit(prepared: Prepared) -> dict[str, Answer]:
    """Return the limit of each split on which there is one."""
    found = {
        split: limits.limit(prepared.card.format, fit, arrays) for split, (fit, _, arrays) in _splits(prepared).items()
    }
    return {split: Measured(metrics) for split, metrics in found.items() if metrics}


def _baseline(prepared: Prepared, name: str) -> dict[str, Answer]:
    """Fit a baseline once to training rows, and where there is a refit once to all rows."""
    splits, judged = prepared.splits, _splits(prepared)
    rows = {fit: splits["train"] if fit == HELD_OUT else arrays for fit, _, arrays in judged.values()}
    fitted = {
        fit: FITS[prepared.card.format][name](Lesson(prepared.card, of, splits["train"], splits.get("validation")))
        for fit, of in rows.items()
    }
    return {split: fitted[fit](before, arrays) for split, (fit, before, arrays) in judged.items()}


def _network(prepared: Prepared, folder: Path, seed: int) -> dict[str, Answer]:
    task, settings, where = TASKS[prepared.card.task], model_folder.read_settings(folder), device.choose()
    found: dict[str, Answer] = {}
    for split, (fit, before, arrays) in _splits(prepared).items():
        model = restored(prepared, settings, folder, seed, fit)
        if model is not None:
            examples = task.examples(arrays, before, settings, where)
            found[split] = task.predict(model, examples, settings)
    return found


def _samples(prepared: Prepared, question: Question) -> Iterator[Sample]:
    """Let a language model go on from the first words of the test text, or from the first letters of test words."""
    if question.folder is None or prepared.codec is None or "test" not in prepared.splits:
        return
    settings = model_folder.read_settings(question.folder)
    of_words = "stream" not in prepared.splits["test"]  # they are few: a fit to some writes none of them
    fit = REFIT if of_words and prepared.card.refit else HELD_OUT
    model = restored(prepared, settings, question.folder, question.seed, fit)
    if model is None:
        return
    for prefix, length in _openings(prepared, prepared.codec):
        for heat in TEMPERATURES:
            text = "".join(generation.generate(model, prepared.codec, prefix, length, heat, question.seed))
            yield Sample(heat, prefix, text)


def _openings(prepared: Prepared, codec: Codec) -> Iterator[tuple[str, int]]:
    """Yield what a model goes on from, and by how many symbols."""
    test = prepared.splits["test"]
    if "stream" in test:
        opening = codec.decode(test["stream"][: 2 * PREFIX].tolist())
        # Not every script has spaces.
        yield opening[PREFIX // 2 :].partition(" ")[2][:PREFIX] or opening[:PREFIX], SAMPLE
        return
    longest = max(int(arrays["lengths"].max()) for arrays in prepared.splits.values())
    for first in dict.fromkeys(test["symbols"][:, 0].tolist()[:WORDS]):
        yield codec.decode([first]), longest - 1
