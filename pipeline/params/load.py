"""Read params.yaml into frozen objects; errors are reported together, a line each."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline.errors import ParamsError
from pipeline.params.compatibility import incompatibilities
from pipeline.params.datasets import AnyDataset
from pipeline.params.messages import error_lines, format_value
from pipeline.params.models import ModelParams
from pipeline.params.schema import Block, Name, SourceParams, is_reference
from pipeline.paths import PARAMS

T = TypeVar("T", bound=BaseModel)
# Columns of tables in the results, besides those of models, baselines and the bound.
COLUMNS = ("model", "date", "truth", "better", "worse")

# Without a value, YAML reads a section as null.
Section = Annotated[dict[Any, Any], BeforeValidator(lambda blocks: {} if blocks is None else blocks)]


def _is_free(name: str) -> str:
    if name in COLUMNS or is_reference(name):
        raise ValueError("the results use this name for something else; choose another")
    return name


class Sections(Block):
    """The sections of params.yaml, before their blocks are validated."""

    sources: Section
    datasets: Section
    defaults: Section
    models: Section


class Params(Block):
    """The whole of params.yaml; each model's block is completed from section `defaults`."""

    sources: Mapping[Name, SourceParams]
    datasets: Mapping[Name, AnyDataset]
    models: Mapping[Annotated[Name, AfterValidator(_is_free)], ModelParams]

    def models_of(self, dataset: str) -> tuple[str, ...]:
        """Return the names of the models trained on a data set, in the order of params.yaml."""
        return tuple(name for name, model in self.models.items() if model.dataset == dataset)

    @model_validator(mode="before")
    @classmethod
    def _complete_models(cls, raw: Any) -> dict[str, Any]:
        sections = Sections.model_validate(raw)
        models = {
            name: {**sections.defaults, **block} if isinstance(block, dict) else block
            for name, block in sections.models.items()
        }
        return {"sources": sections.sources, "datasets": sections.datasets, "models": models}

    @model_validator(mode="after")
    def _blocks_fit(self) -> Self:
        if lines := list(_mismatches(self)):
            raise ValueError("\n".join(lines))
        return self


def load_params(path: Path = PARAMS) -> Params:
    """Read and validate params.yaml.

    Raises:
        ParamsError: with a line for each error, which names the dotted path of its key. What blocks say of each other
            is validated once each block is valid by itself.
    """
    raw = _read(path)
    try:
        return Params.model_validate(raw)
    except ValidationError as error:
        raise ParamsError("\n".join(f"{path}: {line}" for line in error_lines(error, raw))) from None


def find_block(blocks: Mapping[str, T], name: str, section: str) -> T:
    """Return the block that a command names.

    Raises:
        ParamsError: if the section has no such block; the message lists those it has.
    """
    if name not in blocks:
        raise ParamsError(f"{section}.{name}: no such block in {PARAMS}; known: {', '.join(blocks) or 'none'}")
    return blocks[name]


def flatten(params: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested params as texts under dotted names, as `dvc params diff` shows them; unset ones are left out."""
    found = {}
    for key, value in params.items():
        if isinstance(value, Mapping):
            found.update(flatten(value, f"{prefix}{key}."))
        elif value is not None:
            found[f"{prefix}{key}"] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return found


def _read(path: Path) -> Any:
    """Parse YAML 1.2, the dialect in which DVC writes numbers such as 1e-05."""
    try:
        raw = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        repr(raw)  # so that a number of thousands of digits, which Python refuses to show, fails here
        return raw
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file in {Path.cwd()}; run from the project's folder") from None
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ParamsError(f"{path}: {line}{error.problem}; fix the YAML there") from None
    except (YAMLError, ValueError, TypeError, KeyError, RecursionError) as error:  # the reader's own checks have gaps
        reason = str(error).partition("\n")[0]
        raise ParamsError(f"{path}: not YAML: {reason}; correct that value") from None


def _mismatches(params: Params) -> Iterator[str]:
    """Yield a line for each error that only shows when blocks are read together."""
    for name, model in params.models.items():
        if dataset := params.datasets.get(model.dataset):
            for key, found, wanted in incompatibilities(model, dataset):
                yield f"models.{name}.{key}: found {format_value(found)}; wanted {wanted}"
        else:
            known = ", ".join(params.datasets) or "none"
            yield f"models.{name}.dataset: no data set {format_value(model.dataset)}; known: {known}"
    if all(model.dataset in params.datasets for model in params.models.values()):  # else one may mean such a data set
        for name in params.datasets:
            if not params.models_of(name):
                yield f"datasets.{name}: no model is trained on it; name it in a block under models"
