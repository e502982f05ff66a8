"""From params.yaml to settings: every fault at once, a line each."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline.errors import UserError
from pipeline.paths import PARAMS
from pipeline.references import is_reference
from pipeline.settings.block import NAME, Block
from pipeline.settings.datasets import FORMATS, DatasetSettings
from pipeline.settings.faults import lines, shown
from pipeline.settings.fitting import misfits
from pipeline.settings.models import ModelSettings
from pipeline.settings.sources import KINDS, SourceSettings

T = TypeVar("T", bound=BaseModel)
Seeds = Annotated[tuple[Annotated[int, Field(ge=0, lt=2**31)], ...], Field(strict=False, min_length=1, max_length=100)]
COLUMNS = ("date", "truth")  # of the results, besides those of models, baselines and the limit
SECTIONS = ("seeds", "sources", "datasets", "training", "models")


class _SeedList(Block):
    seeds: Seeds


class Settings(Block):
    """The whole of params.yaml."""

    seeds: tuple[int, ...]
    sources: Mapping[str, SourceSettings]
    datasets: Mapping[str, DatasetSettings]
    models: Mapping[str, ModelSettings]

    def models_of(self, dataset: str) -> tuple[str, ...]:
        """Return the names of the models trained on a data set, in the order of params.yaml."""
        return tuple(name for name, model in self.models.items() if model.dataset == dataset)


def load(path: Path = PARAMS) -> Settings:
    """Read and check params.yaml; a UserError lists every fault with its dotted path."""
    raw = _read(path)
    faults: list[str] = []
    sections = _sections(raw, path)
    seeds = _block(_SeedList, {"seeds": raw["seeds"]}, "", faults)
    sources = _tagged_blocks(KINDS, "kind", sections["sources"], "sources", faults)
    datasets = _tagged_blocks(FORMATS, "format", sections["datasets"], "datasets", faults)
    models = _models(sections["models"], sections["training"], faults)
    faults += _cross_faults(models, datasets, sections)
    if seeds and len(set(seeds.seeds)) < len(seeds.seeds):
        faults.append("seeds: a seed stands twice; wanted different ones")
    if faults or seeds is None:
        raise _refusal(path, faults)
    return Settings.model_construct(seeds=seeds.seeds, sources=sources, datasets=datasets, models=models)


def chosen(blocks: Mapping[str, T], name: str, section: str) -> T:
    """Return the block of a section that a command names; a UserError lists the known."""
    if name not in blocks:
        raise UserError(f"{section}.{name}: no such block in {PARAMS}; known: {', '.join(blocks) or 'none'}")
    return blocks[name]


def _refusal(path: Path, faults: Iterable[str]) -> UserError:
    """Make one error of all faults, a line each; several blocks may share one."""
    return UserError("\n".join(f"{path}: {fault}" for fault in dict.fromkeys(faults)))


def _read(path: Path) -> Any:
    """Parse YAML 1.2, the dialect in which DVC writes numbers such as 1e-05."""
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file in {Path.cwd()}; run from the project's folder") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise UserError(f"{path}: {line}{error.problem}; fix the YAML there") from None
    except YAMLError as error:
        raise UserError(f"{path}: not YAML: {str(error).splitlines()[0]}") from None


def _sections(raw: Any, path: Path) -> dict[str, dict[str, Any]]:
    """Return the sections that hold blocks; without all of them there is nothing further to check."""
    known = ", ".join(SECTIONS)
    if not isinstance(raw, dict):
        raise _refusal(path, [f"found {shown(raw)}; wanted the sections {known}"])
    sections = {name: {} if raw.get(name) is None else raw[name] for name in SECTIONS[1:]}
    faults = [f"{name}: unknown section; known: {known}" for name in raw if name not in SECTIONS]
    faults += [f"{name}: missing; wanted the sections {known}" for name in SECTIONS if name not in raw]
    faults += [
        f"{name}: found {shown(section)}; wanted blocks of settings"
        for name, section in sections.items()
        if not isinstance(section, dict)
    ]
    if faults:
        raise _refusal(path, faults)
    return sections


def _tagged_blocks(
    classes: Mapping[str, type[T]], tag: str, section: dict[str, Any], path: str, faults: list[str]
) -> dict[str, T]:
    """Build each block of a section by the class that its tag names."""
    built = {}
    for name, block in section.items():
        where = f"{path}.{name}"
        found = block.get(tag) if isinstance(block, dict) else block
        if not _good_name(name, where, faults):
            continue
        if not isinstance(found, str) or found not in classes:
            faults.append(f"{where}.{tag}: found {shown(found)}; wanted one of {', '.join(classes)}")
        elif (settings := _block(classes[found], block, where, faults)) is not None:
            built[name] = settings
    return built


def _models(section: dict[str, Any], training: dict[str, Any], faults: list[str]) -> dict[str, ModelSettings]:
    """Build each model's block, completed from the training block."""
    built = {}
    for name, block in section.items():
        where = f"models.{name}"
        if not _good_name(name, where, faults):
            continue
        if name in COLUMNS or is_reference(name):
            faults.append(f"{where}: the results use this name for something else; choose another")
        if not isinstance(block, dict):
            faults.append(f"{where}: found {shown(block)}; wanted a block of settings")
            continue
        inherited = frozenset(training) - frozenset(block)
        settings = _block(ModelSettings, {**training, **block}, where, faults, inherited)
        if settings is not None:
            built[name] = settings
    return built


def _good_name(name: object, where: str, faults: list[str]) -> bool:
    good = isinstance(name, str) and re.fullmatch(NAME, name) is not None
    if not good:
        faults.append(f"{where}: a name has small letters, digits and hyphens only")
    return good


def _block(
    cls: type[T], block: Any, where: str, faults: list[str], inherited: frozenset[str] = frozenset()
) -> T | None:
    """Build one block, or note its faults; `inherited` keys stand in the training block."""
    try:
        return cls.model_validate(block)
    except ValidationError as error:
        faults += lines(error, block, where, inherited)
        return None


def _cross_faults(
    models: Mapping[str, ModelSettings],
    datasets: Mapping[str, DatasetSettings],
    sections: Mapping[str, Mapping[str, Any]],
) -> Iterator[str]:
    """Yield the faults that only show when blocks are read together."""
    blocks = {name: block for name, block in sections["models"].items() if isinstance(block, dict)}
    named = [block.get("dataset") for block in blocks.values()]
    for name, block in blocks.items():
        dataset = block.get("dataset")
        if isinstance(dataset, str) and dataset not in sections["datasets"]:
            known = ", ".join(map(str, sections["datasets"]))
            yield f"models.{name}.dataset: no data set {shown(dataset)}; known: {known}"
    for name, model in models.items():
        if model.dataset in datasets:
            for key, found, wanted in misfits(model, datasets[model.dataset]):
                yield f"models.{name}.{key}: found {shown(found)}; wanted {wanted}"
    for name in sections["datasets"]:
        # While a model names none that is there, it may be this one that it means.
        if name not in named and all(other in list(sections["datasets"]) for other in named):
            yield f"datasets.{name}: no model is trained on it; name it in a block under models"
