"""The published figures and the known issues of the write-ups: data/published.yaml as frozen objects."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import DataError
from pipeline.params.schema import Block

PATH = Path("data/published.yaml")


class Claim(Block):
    """A published figure, and what it was measured on."""

    metric: str | None
    value: float | None
    text: str
    measured_on: str
    split: Literal["all_rows", "test"] | None
    also_reported: str | None = None
    probe: str | None = None  # the input of the figure, where there is one alone

    @property
    def description(self) -> str:
        """Return the figure and what it was measured on."""
        return f"{self.text}; on {self.measured_on}"


class KnownIssue(Block):
    """A known issue of a write-up, what is done about it here, and which result that changes."""

    issue: str
    here: str
    models: Annotated[tuple[str, ...], Field(strict=False)]  # none: all of the data set
    split: Literal["all_rows", "test"]
    holds_out: bool = False  # solved by holding rows out, so not solved where none are
    of_dropout: bool = False  # affects only networks with dropout

    def concerns(self, model: str) -> bool:
        """Return whether it is about the write-up of a model."""
        return not self.models or model in self.models


Claims = Annotated[tuple[Claim, ...], Field(strict=False)]
KnownIssues = Annotated[tuple[KnownIssue, ...], Field(strict=False)]


class Published(Block):
    """All published figures by model, and all known issues by data set."""

    models: Mapping[str, Claims]
    datasets: Mapping[str, KnownIssues]


def read(path: Path = PATH) -> Published:
    """Read the published figures.

    Raises:
        DataError: if the file is missing, or not what it should be.
    """
    try:
        return Published.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; restore it with `git checkout {path}`") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except YAMLError as error:
        raise DataError(f"{path}: not YAML: {str(error).splitlines()[0]}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise DataError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
