"""The published figures and the known issues of write-ups: data/published.yaml as frozen objects."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import DataError
from pipeline.params.schema import Block

PATH = Path("data/published.yaml")

# What is measured here: the mean training loss of an epoch, exp of it, a prediction for one input, a metric of a split,
# or whether the training diverged.
Quantity = Literal["train_loss", "train_perplexity", "prediction", "metric", "diverged"]


class PublishedFigure(Block):
    """A published figure, how it is measured alike here, and within which range it counts as reproduced."""

    text: str  # what it is, such as "mean loss, epoch 100"
    value: float | None = None  # none was given, or it is not a number
    published: str | None = None  # what was said, where `value` does not say it
    quantity: Quantity | None = None
    epoch: Annotated[int, Field(ge=1)] | None = None  # of the two training quantities, from 1
    input: str | None = None  # of a prediction
    metric: str | None = None
    split: Literal["all_rows", "test"] | None = None
    tolerance: Annotated[float, Field(gt=0)] | None = None  # on either side of the value
    low: float | None = None  # or the range that shows the same, where there is no value to come close to
    high: float | None = None
    tried: str | None = None  # where it is not reproduced
    missing: str | None = None  # what a comparison would need and nobody has: then nothing is compared

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        needed = {"train_loss": "epoch", "train_perplexity": "epoch", "prediction": "input", "metric": "metric"}
        key = needed.get(self.quantity or "")
        if key and getattr(self, key) is None:
            raise ValueError(f"{self.quantity} needs {key}")
        has_range = self.quantity == "diverged" or self.low is not None or self.high is not None
        if self.missing is None and not (self.quantity and (has_range or (self.tolerance and self.value is not None))):
            raise ValueError("wanted quantity, and tolerance and value, or low or high; or what is missing")
        return self

    @property
    def range(self) -> tuple[float, float]:
        """Return the smallest and the largest result that reproduces the figure."""
        if self.value is not None and self.tolerance is not None:
            return self.value - self.tolerance, self.value + self.tolerance
        low, high = self.low, self.high
        return float("-inf") if low is None else low, float("inf") if high is None else high


class KnownIssue(Block):
    """A known issue of a write-up, and what is done about it here."""

    issue: str
    here: str
    models: Annotated[tuple[str, ...], Field(strict=False)] = ()  # none: all of the data set

    def concerns(self, model: str) -> bool:
        """Return whether it is about a model."""
        return not self.models or model in self.models


Figures = Annotated[tuple[PublishedFigure, ...], Field(strict=False)]
KnownIssues = Annotated[tuple[KnownIssue, ...], Field(strict=False)]


class Published(Block):
    """All published figures by model, how its recipe relates to the published one, and the issues by data set."""

    models: Mapping[str, Figures]
    recipes: Mapping[str, str] = {}  # by model: "as published", or what else it is
    datasets: Mapping[str, KnownIssues]


def read(path: Path = PATH) -> Published:
    """Read the published figures; a project may have none.

    Raises:
        DataError: if the file is not what it should be.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return Published.model_validate(YAML(typ="safe", pure=True).load(text))
    except FileNotFoundError:
        return Published(models={}, datasets={})
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except YAMLError as error:
        raise DataError(f"{path}: not YAML: {str(error).splitlines()[0]}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise DataError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
