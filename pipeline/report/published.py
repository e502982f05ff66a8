"""The figures and faults of the write-ups: data/published.yaml as frozen objects."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import UserError
from pipeline.settings.block import Block

PATH = Path("data/published.yaml")


class Claim(Block):
    """A published figure, and what it was measured on."""

    metric: str | None
    value: float | None
    text: str
    measured_on: str
    split: Literal["train", "test"] | None
    course: str | None = None  # what else was reported of it
    probe: str | None = None  # the input that the figure is about, where it is one alone

    @property
    def in_words(self) -> str:
        """Return the figure and what it was measured on."""
        return f"{self.text}; on {self.measured_on}"


class Remedy(Block):
    """A fault of a write-up, what is done about it here, and which result that changes."""

    fault: str
    here: str
    models: Annotated[tuple[str, ...], Field(strict=False)]  # none: all of the data set
    split: Literal["train", "test"]
    holds_out: bool = False  # done by holding rows out, and so not at all where none is
    of_dropout: bool = False  # changes nothing of a network without dropout

    def concerns(self, model: str) -> bool:
        """Tell whether it is a fault of a model's write-up."""
        return not self.models or model in self.models


Claims = Annotated[tuple[Claim, ...], Field(strict=False)]
Remedies = Annotated[tuple[Remedy, ...], Field(strict=False)]


class Published(Block):
    """All published figures by model, and all faults by data set."""

    models: Mapping[str, Claims]
    datasets: Mapping[str, Remedies]


def read(path: Path = PATH) -> Published:
    """Read the published figures; a UserError names what is wrong."""
    try:
        return Published.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; restore it with `git checkout {path}`") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except YAMLError as error:
        raise UserError(f"{path}: not YAML: {str(error).splitlines()[0]}") from None
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise UserError(f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from None
