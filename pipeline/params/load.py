"""Read params.yaml into frozen objects; every error is reported at once, a line each."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline.errors import ParamsError
from pipeline.params.compatibility import incompatibilities
from pipeline.params.messages import error_lines, format_value
from pipeline.params.schema import (
    FORMATS,
    KINDS,
    NAME,
    Block,
    DatasetParams,
    ModelParams,
    SourceParams,
    is_reference,
)
from pipeline.paths import PARAMS, RAW

T = TypeVar("T", bound=BaseModel)
COLUMNS = ("date", "truth")  # of tables in the results, besides those of models, baselines and the bound
SECTIONS = ("sources", "datasets", "defaults", "models")
RENAMED_SECTIONS = {"training": "defaults", "seeds": "defaults.seeds"}


class Params(Block):
    """The whole of params.yaml."""

    sources: Mapping[str, SourceParams]
    datasets: Mapping[str, DatasetParams]
    models: Mapping[str, ModelParams]

    def models_of(self, dataset: str) -> tuple[str, ...]:
        """Return the names of the models trained on a data set, in the order of params.yaml."""
        return tuple(name for name, model in self.models.items() if model.dataset == dataset)


def load_params(path: Path = PARAMS) -> Params:
    """Read and validate params.yaml.

    Raises:
        ParamsError: with a line for each error, which names the dotted path of its key.
    """
    sections = _sections(_read(path), path)
    errors: list[str] = []
    sources = _tagged_blocks(KINDS, "kind", sections["sources"], "sources", errors)
    datasets = _tagged_blocks(FORMATS, "format", sections["datasets"], "datasets", errors)
    models = _models(sections["models"], sections["defaults"], errors)
    errors += _path_errors(sources, datasets)
    errors += _cross_errors(models, datasets, sections)
    if errors:
        raise _params_error(path, errors)
    return Params.model_construct(sources=sources, datasets=datasets, models=models)


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


def _params_error(path: Path, errors: Iterable[str]) -> ParamsError:
    """Make one exception of all errors; several blocks may share one."""
    return ParamsError("\n".join(f"{path}: {error}" for error in dict.fromkeys(errors)))


def _read(path: Path) -> Any:
    """Parse YAML 1.2, the dialect in which DVC writes numbers such as 1e-05."""
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file in {Path.cwd()}; run from the project's folder") from None
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ParamsError(f"{path}: {line}{error.problem}; fix the YAML there") from None
    except YAMLError as error:
        raise ParamsError(f"{path}: not YAML: {str(error).splitlines()[0]}") from None


def _sections(raw: Any, path: Path) -> dict[str, dict[str, Any]]:
    """Return the sections of params.yaml; without all of them there is nothing further to validate."""
    known = ", ".join(SECTIONS)
    if not isinstance(raw, dict):
        raise _params_error(path, [f"found {format_value(raw)}; wanted the sections {known}"])
    sections = {name: {} if raw.get(name) is None else raw[name] for name in SECTIONS}
    errors = [_unknown_section(name, known) for name in raw if name not in SECTIONS]
    moved = {RENAMED_SECTIONS[name] for name in raw if name in RENAMED_SECTIONS}
    errors += [
        f"{name}: missing; wanted the sections {known}" for name in SECTIONS if name not in raw and name not in moved
    ]
    errors += [
        f"{name}: found {format_value(section)}; wanted a mapping of blocks"
        for name, section in sections.items()
        if not isinstance(section, dict)
    ]
    if errors:
        raise _params_error(path, errors)
    return sections


def _unknown_section(name: object, known: str) -> str:
    if name in RENAMED_SECTIONS:
        return f"{name}: is now called {RENAMED_SECTIONS[str(name)]}; rename it"
    return f"{name}: unknown section; known: {known}"


def _tagged_blocks(
    classes: Mapping[str, type[T]], tag: str, section: dict[str, Any], path: str, errors: list[str]
) -> dict[str, T]:
    """Build each block of a section by the class that its tag names."""
    built = {}
    for name, block in section.items():
        where = f"{path}.{name}"
        found = block.get(tag) if isinstance(block, dict) else block
        if not _is_valid_name(name, where, errors):
            continue
        if not isinstance(found, str) or found not in classes:
            errors.append(f"{where}.{tag}: found {format_value(found)}; wanted one of {', '.join(classes)}")
        elif (params := _block(classes[found], block, where, errors)) is not None:
            built[name] = params
    return built


def _models(section: dict[str, Any], defaults: dict[str, Any], errors: list[str]) -> dict[str, ModelParams]:
    """Build each model's block, completed from the defaults."""
    built = {}
    for name, block in section.items():
        where = f"models.{name}"
        if not _is_valid_name(name, where, errors):
            continue
        if name in COLUMNS or is_reference(name):
            errors.append(f"{where}: the results use this name for something else; choose another")
        if not isinstance(block, dict):
            errors.append(f"{where}: found {format_value(block)}; wanted a block of params")
            continue
        inherited = frozenset(defaults) - frozenset(block)
        params = _block(ModelParams, {**defaults, **block}, where, errors, inherited)
        if params is not None:
            built[name] = params
    return built


def _is_valid_name(name: object, where: str, errors: list[str]) -> bool:
    valid = isinstance(name, str) and re.fullmatch(NAME, name) is not None
    if not valid:
        errors.append(f"{where}: a name has small letters, digits and hyphens only")
    return valid


def _block(
    cls: type[T], block: Any, where: str, errors: list[str], inherited: frozenset[str] = frozenset()
) -> T | None:
    """Build one block, or append its errors; `inherited` keys come from the block `defaults`."""
    try:
        return cls.model_validate(block)
    except ValidationError as error:
        errors += error_lines(error, block, where, inherited)
        return None


def _path_errors(sources: Mapping[str, SourceParams], datasets: Mapping[str, DatasetParams]) -> Iterator[str]:
    """Yield an error for each path outside its place: DVC deletes a stage's outputs before it runs it."""
    for name, source in sources.items():
        if RAW not in Path(source.file).parents or ".." in Path(source.file).parts:
            yield f"sources.{name}.file: found {format_value(source.file)}; wanted a file below {RAW}"
    for name, dataset in datasets.items():
        if ".." in Path(dataset.raw).parts:
            yield f"datasets.{name}.raw: found {format_value(dataset.raw)}; wanted a path inside the project's folder"


def _cross_errors(
    models: Mapping[str, ModelParams],
    datasets: Mapping[str, DatasetParams],
    sections: Mapping[str, Mapping[str, Any]],
) -> Iterator[str]:
    """Yield the errors that only show when blocks are read together."""
    blocks = {name: block for name, block in sections["models"].items() if isinstance(block, dict)}
    named = [block.get("dataset") for block in blocks.values()]
    for name, block in blocks.items():
        dataset = block.get("dataset")
        if isinstance(dataset, str) and dataset not in sections["datasets"]:
            known = ", ".join(map(str, sections["datasets"]))
            yield f"models.{name}.dataset: no data set {format_value(dataset)}; known: {known}"
    for name, model in models.items():
        if model.dataset in datasets:
            for key, found, wanted in incompatibilities(model, datasets[model.dataset]):
                yield f"models.{name}.{key}: found {format_value(found)}; wanted {wanted}"
    for name in sections["datasets"]:
        # A model that names no known data set may mean this one.
        if name not in named and all(other in list(sections["datasets"]) for other in named):
            yield f"datasets.{name}: no model is trained on it; name it in a block under models"
