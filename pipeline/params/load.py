"""Read params.yaml into frozen objects; errors are reported together, a line each."""

from collections.abc import Iterator, Mapping
from itertools import permutations
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError, model_validator

from pipeline.errors import ParamsError
from pipeline.params.compatibility import incompatibilities
from pipeline.params.datasets import AnyDataset
from pipeline.params.gates import Gates, gate_errors
from pipeline.params.messages import error_lines
from pipeline.params.models import ModelParams
from pipeline.params.reading import read_yaml
from pipeline.params.schema import Block, Name, SourceParams, is_reference
from pipeline.params.wording import format_names, format_text, format_value
from pipeline.paths import PARAMS

T = TypeVar("T", bound=BaseModel)
# Columns of tables in the results, besides those of models, baselines and the bound.
COLUMNS = ("model", "date", "truth", "better", "worse")

MAX_LINES = 50  # of errors

# Without a value, YAML reads a section as null.
Section = Annotated[dict[Any, Any], BeforeValidator(lambda blocks: {} if blocks is None else blocks)]


def _is_free(name: str) -> str:
    if name in COLUMNS or is_reference(name):
        raise ValueError("the results use this name for something else; choose another")
    return name


class Sections(Block):
    """The sections of params.yaml, before their blocks are validated."""

    sources: Section = Field(default_factory=dict)  # dvc.yaml has the same default
    datasets: Section
    defaults: Section
    models: Section
    gates: Section = Field(default_factory=dict)


class Params(Block):
    """The whole of params.yaml; each model's block is completed from section `defaults`."""

    sources: Mapping[Name, SourceParams]
    datasets: Mapping[Name, AnyDataset]
    models: Mapping[Annotated[Name, AfterValidator(_is_free)], ModelParams]
    gates: Gates

    def models_of(self, dataset: str) -> tuple[str, ...]:
        """Return the names of the models trained on a data set, in the order of params.yaml."""
        return tuple(name for name, model in self.models.items() if model.dataset == dataset)

    @property
    def model_names(self) -> dict[str, tuple[str, ...]]:
        """Return the names of the models of each data set."""
        return {dataset: self.models_of(dataset) for dataset in self.datasets}

    @model_validator(mode="before")
    @classmethod
    def _complete_models(cls, raw: Any) -> dict[str, Any]:
        sections = Sections.model_validate(raw)
        models = {
            name: {**sections.defaults, **block} if isinstance(block, dict) else block
            for name, block in sections.models.items()
        }
        return {
            "sources": sections.sources,
            "datasets": sections.datasets,
            "models": models,
            "gates": sections.gates,
        }

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
    raw = read_yaml(path)
    try:
        return Params.model_validate(raw)
    except ValidationError as error:
        lines = [f"{path}: {line}" for line in error_lines(error, raw)]
        more = [f"{path}: {len(lines) - MAX_LINES:,} more errors; correct these first"] if lines[MAX_LINES:] else []
        raise ParamsError("\n".join(lines[:MAX_LINES] + more)) from None


def find_block(blocks: Mapping[str, T], name: str, section: str) -> T:
    """Return the block that a command names.

    Raises:
        ParamsError: if the section has no such block; the message lists those it has.
    """
    if name not in blocks:
        raise ParamsError(f"{section}.{format_text(name)}: no such block in {PARAMS}; known: {format_names(blocks)}")
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


def _mismatches(params: Params) -> Iterator[str]:
    """Yield a line for each error that only shows when blocks are read together."""
    yield from _shared_files(params.sources)
    yield from gate_errors(params.gates, params.datasets)
    for name, model in params.models.items():
        if dataset := params.datasets.get(model.dataset):
            for key, found, wanted in incompatibilities(model, dataset):
                yield f"models.{name}.{key}: found {format_value(found)}; wanted {wanted}"
        else:
            known = format_names(params.datasets)
            yield f"models.{name}.dataset: no data set {format_value(model.dataset)}; known: {known}"


def _shared_files(sources: Mapping[str, SourceParams]) -> Iterator[str]:
    """Yield a line for each source whose file is also that of another one, or lies below it."""
    for (name, source), (other, before) in permutations(sources.items(), 2):
        path, taken = Path(source.file), Path(before.file)
        if taken in path.parents or (path == taken and name > other):
            found = f"sources.{name}.file: found {format_value(source.file)}, where source {other} has its file"
            yield f"{found}; choose another"
