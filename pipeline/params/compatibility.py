"""Whether a model's params fit the data set that it names."""

from collections.abc import Iterator

from pipeline.params.schema import DatasetParams, ModelParams, Task

INPUTS: dict[Task, tuple[str, ...]] = {
    "next-symbol": ("one-hot", "embedding"),
    "classify": ("one-hot", "embedding"),
    "regress": ("values",),
    "forecast": ("values", "flat"),
}
HEADS: dict[Task, tuple[str, ...]] = {
    "next-symbol": ("none", "linear"),  # a ReLU would cut the logits of unlikely symbols
    "classify": ("none", "linear"),
    "regress": ("none", "linear", "linear-relu"),
    "forecast": ("none", "linear", "linear-relu"),
}
TEXT_SAMPLING = ("consecutive", "random")
ROW_SAMPLING = ("shuffled", "sequential", "balanced")


def incompatibilities(model: ModelParams, dataset: DatasetParams) -> Iterator[tuple[str, object, str]]:
    """Yield (key, value found, what is wanted) for each param that the data set's task or format rules out."""
    task, text = dataset.task, dataset.format == "text"
    for key, allowed in (
        ("input", INPUTS[task]),
        ("head", HEADS[task]),
        ("sampling", TEXT_SAMPLING if text else ROW_SAMPLING),
        ("supervision", ("task", "every-step") if dataset.format == "windows" else ("task",)),
        ("scaling", ("none", "standard") if task in ("regress", "forecast") else ("none",)),
    ):
        found = getattr(model, key)
        if found not in allowed:
            yield key, found, f"for task {task} on format {dataset.format}: {', '.join(allowed)}"
    yield from _wrong_lengths(model, dataset)
    outputs = _outputs(dataset)
    if model.head == "none" and outputs is not None and (size := output_size(model)) not in (None, outputs):
        yield "hidden_size", model.hidden_size, f"{outputs} outputs without a head, not {size}; or head: linear"
    if dataset.test == 0 and model.patience:
        yield "patience", model.patience, f"0, since data set {model.dataset} has no validation rows"


def _wrong_lengths(model: ModelParams, dataset: DatasetParams) -> Iterator[tuple[str, object, str]]:
    """Yield errors of `sequence_length`, which texts need, and of `window`, which series need."""
    where, text = f"for format {dataset.format}", dataset.format == "text"
    if text and model.sequence_length is None:
        yield from [("sequence_length", None, f"{where}: a number of steps")] if model.window is None else ()
    elif not text and model.sequence_length is not None:
        yield "sequence_length", model.sequence_length, f"{where}: nothing"
    if dataset.task == "forecast" and model.window is None:
        yield "window", None, f"{where}: a number of lags"
    elif dataset.task != "forecast" and model.window is not None:
        yield "window", model.window, f"{where}: {'sequence_length instead' if text else 'nothing'}"


def _outputs(dataset: DatasetParams) -> int | None:
    """Return how many outputs a data set asks for; None where only its rows say so."""
    if dataset.task in ("regress", "forecast"):
        return 1
    if dataset.format == "windows":
        return len(dataset.classes)
    if dataset.format in ("words", "text") and dataset.alphabet != "any":
        return len(set(dataset.alphabet))
    return None


def output_size(model: ModelParams) -> int | None:
    """Return the outputs of a network's last layer; None where they depend on the size of its inputs."""
    if model.cell == "linear":
        return None
    return model.hidden_sizes[-1] * (2 if model.bidirectional else 1)


def leaks_target(model: ModelParams, task: Task) -> bool:
    """Return whether a network reads what it is asked to predict: the backward direction has read the next symbol."""
    return task == "next-symbol" and model.bidirectional
