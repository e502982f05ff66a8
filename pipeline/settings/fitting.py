"""Whether a model's settings fit the data set that it names."""

from collections.abc import Iterator

from pipeline.settings.datasets import DatasetSettings, Task
from pipeline.settings.models import ModelSettings

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
STREAM_SAMPLING = ("consecutive", "random")
ROW_SAMPLING = ("shuffled", "listed", "draws")


def misfits(model: ModelSettings, dataset: DatasetSettings) -> Iterator[tuple[str, object, str]]:
    """Yield (key, value found, what is wanted) for each setting that the data set's task rules out."""
    task = dataset.task
    stream = dataset.format == "text"
    windowed = stream or task == "forecast"
    for key, allowed in (
        ("input", INPUTS[task]),
        ("head", HEADS[task]),
        ("sampling", STREAM_SAMPLING if stream else ROW_SAMPLING),
        ("supervision", ("task", "every-step") if dataset.format == "windows" else ("task",)),
        ("scaling", ("none", "standard") if task in ("regress", "forecast") else ("none",)),
    ):
        found = getattr(model, key)
        if found not in allowed:
            yield key, found, f"for task {task} on format {dataset.format}: {', '.join(allowed)}"
    if windowed != (model.window is not None):
        wanted = "a number of steps" if windowed else "nothing (the rows are whole sequences)"
        yield "window", model.window, f"for format {dataset.format}: {wanted}"
    if dataset.test == 0 and model.patience:
        yield "patience", model.patience, f"0, since data set {model.dataset} has no validation rows"


def reads_its_target(model: ModelSettings, task: Task) -> bool:
    """Tell whether a network sees what it is asked: one that reads backward has read the next symbol."""
    return task == "next-symbol" and model.direction == "both"
