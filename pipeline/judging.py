"""Judge one network, or the baseline, on the splits of its data set; runs in a worker."""

from pathlib import Path

import torch

from pipeline import device, generation, model_folder, models, scores
from pipeline.artifacts import Arrays
from pipeline.baselines import BASELINES
from pipeline.datasets import prepared as data
from pipeline.datasets.prepared import Prepared
from pipeline.examples import joined
from pipeline.history import HELD_OUT, REFIT
from pipeline.judgement import Judgement, Predictions, Question, Sample
from pipeline.models import SequenceModel
from pipeline.settings.models import ModelSettings
from pipeline.tasks import TASKS

TEMPERATURES = (0.0, 0.8)
PREFIX, SAMPLE = 24, 240  # characters


def judge(question: Question) -> Judgement:
    """Judge the fit to training rows on validation and test rows, and the refit on all rows, as `train`."""
    prepared = data.read(question.prepared)
    predictions = _predictions(prepared, question)
    metrics = {split: scores.scores(found, prepared.card) for split, found in predictions.items()}
    samples = _samples(prepared, question) if "stream" in prepared.splits["train"] else ()
    return Judgement(question.model, question.seed, metrics, predictions, samples)


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


def _predictions(prepared: Prepared, question: Question) -> dict[str, Predictions]:
    if question.folder is None:
        return _baseline(prepared)
    return _network(prepared, question.folder, question.seed)


def _baseline(prepared: Prepared) -> dict[str, Predictions]:
    _, predict = BASELINES[prepared.card.task]
    return {
        split: predict(prepared.splits["train"] if fit == HELD_OUT else arrays, before, arrays, prepared.card)
        for split, (fit, before, arrays) in _splits(prepared).items()
    }


def _network(prepared: Prepared, folder: Path, seed: int) -> dict[str, Predictions]:
    task, settings, where = TASKS[prepared.card.task], model_folder.read_settings(folder), device.choose()
    found = {}
    for split, (fit, before, arrays) in _splits(prepared).items():
        model = restored(prepared, settings, folder, seed, fit)
        if model is not None:
            examples = task.examples(arrays, before, settings, where)
            found[split] = task.predict(model, examples, settings)
    return found


def restored(prepared: Prepared, settings: ModelSettings, folder: Path, seed: int, fit: str) -> SequenceModel | None:
    """Rebuild a trained network, or return nothing where it diverged."""
    file = model_folder.weights_file(folder, seed, fit)
    if not file.exists():
        return None
    device.make_deterministic()
    model = models.build(settings, TASKS[prepared.card.task].shape(prepared.card))
    model.load_state_dict({name: torch.from_numpy(array) for name, array in model_folder.read_weights(file).items()})
    return model.to(device.choose())


def _samples(prepared: Prepared, question: Question) -> tuple[Sample, ...]:
    """Let a language model go on from the first words of the test text."""
    if question.folder is None or prepared.codec is None or "test" not in prepared.splits:
        return ()
    settings = model_folder.read_settings(question.folder)
    model = restored(prepared, settings, question.folder, question.seed, HELD_OUT)
    if model is None:
        return ()
    opening = prepared.codec.decode(prepared.splits["test"]["stream"][: 2 * PREFIX].tolist())
    prefix = opening[PREFIX // 2 :].partition(" ")[2][:PREFIX] or opening[:PREFIX]  # not every script has spaces
    return tuple(
        Sample(
            heat,
            prefix,
            "".join(generation.generate(model, prepared.codec, prefix, SAMPLE, heat, question.seed)),
        )
        for heat in TEMPERATURES
    )
