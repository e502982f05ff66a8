"""Evaluate one model on the splits of its data set; runs in a worker."""

from collections.abc import Callable, Mapping
from functools import cache

from pipeline.data import prepared as data
from pipeline.data.prepared import Prepared
from pipeline.determinism import choose_device, reproducibility
from pipeline.evaluation.results import Evaluation, EvaluationJob, Sample
from pipeline.evaluation.splits import evaluated_splits
from pipeline.evaluation.tasks import EVALUATIONS
from pipeline.models import storage
from pipeline.models.network import Ensemble, SequenceModel, load_networks
from pipeline.tasks import TASKS


def evaluate_job(job: EvaluationJob) -> Evaluation:
    """Evaluate each network of a model, and their ensemble, which has its predictions and its samples.

    The fit to the training rows is evaluated on the validation and test splits, and the fit to all rows on these.

    Raises:
        DataError: if the prepared data are missing or damaged.
        NotTrainedError: if the model's files are missing, damaged or of an earlier version.
        ParamsError: if a split is too short for the model, or PIPELINE_DEVICE names no usable device.
    """
    prepared = data.read(job.prepared)
    card, params = prepared.card, storage.read_description(job.folder).params
    task, compute = TASKS[card.task], EVALUATIONS[card.task].compute
    shape = task.shape(prepared)

    @cache
    def load(fit: str) -> dict[int, SequenceModel]:
        return load_networks(params, shape, job.folder, params.seeds, fit)

    metrics, predictions = {}, {}
    seeds: dict[int, dict[str, dict[str, float]]] = {seed: {} for seed in params.seeds}
    for split, of in evaluated_splits(prepared).items():
        networks = load(of.fit)
        if not networks:
            continue  # every seed diverged
        examples = task.examples(of.arrays, of.before, params, choose_device())
        by_seed = {seed: task.predict(network, examples, params) for seed, network in networks.items()}
        for seed, found in by_seed.items():
            seeds[seed][split] = compute(found, card)
        alone = len(networks) == 1
        answers = by_seed.popitem()[1] if alone else task.predict(_join(networks), examples, params)
        metrics[split], predictions[split] = compute(answers, card), answers
    samples = _samples(prepared, lambda fit: _join(networks) if (networks := load(fit)) else None)
    return Evaluation(job.model, metrics, predictions, seeds, samples, reproducibility(choose_device().type))


def _join(networks: Mapping[int, SequenceModel]) -> Ensemble:
    """Return the ensemble of a model's networks, which is what `pipeline.load` answers with."""
    return Ensemble(list(networks.values())).eval()


def _samples(prepared: Prepared, load: Callable[[str], SequenceModel | None]) -> tuple[Sample, ...]:
    """Return the texts that a model generates, if its task is to write text."""
    generate = EVALUATIONS[prepared.card.task].generate
    return () if generate is None else tuple(generate(prepared, load))
