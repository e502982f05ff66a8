"""Whether a model's params fit the data set that it names."""

from collections.abc import Iterator

from pipeline.params.datasets import DatasetParams
from pipeline.params.models import ModelParams

LENGTHS = {"sequence_length": "a number of steps", "window": "a number of lags"}  # keys that only some formats need


def incompatibilities(model: ModelParams, dataset: DatasetParams) -> Iterator[tuple[str, object, str]]:
    """Yield (key, value found, what is wanted) for each param that the data set's task or format rules out."""
    for key, allowed in dataset.allowed.items():
        if (found := getattr(model, key)) not in allowed:
            yield key, found, f"for task {dataset.task} on format {dataset.format}: {', '.join(allowed)}"
    yield from _wrong_lengths(model, dataset)
    yield from _wrong_samples(model, dataset)
    outputs, size = dataset.outputs, model.output_size
    if model.head == "none" and None not in (outputs, size) and size != outputs:
        yield "hidden_size", model.hidden_size, f"{outputs} outputs without a head, not {size}; or head: linear"
    if dataset.test == 0 and model.patience:
        yield "patience", model.patience, f"0, since data set {model.dataset} has no validation rows"


def _wrong_lengths(model: ModelParams, dataset: DatasetParams) -> Iterator[tuple[str, object, str]]:
    """Yield errors of the keys that say how many steps a model reads: the format needs one of them, or neither."""
    for key, meaning in LENGTHS.items():
        found = getattr(model, key)
        if (found is None) is (key == dataset.length_key):
            yield key, found, f"for format {dataset.format}: {'nothing' if found else meaning}"


def _wrong_samples(model: ModelParams, dataset: DatasetParams) -> Iterator[tuple[str, object, str]]:
    """Yield errors of the texts that a model writes while it is trained."""
    if model.samples is None:
        return
    if not dataset.writes_text:
        yield "samples", model.samples.model_dump(), f"null for format {dataset.format}, whose models write no text"
    elif dataset.symbols is not None and (outside := set("".join(model.samples.prefixes)) - dataset.symbols):
        yield "samples.prefixes", min(outside), f"symbols of the alphabet of data set {model.dataset}"
