"""The files of a registered model: weights, the code that answers with them, signature, example, requirements.

Nothing in them is a pickle. The requirements are named here, at the installed versions: inferring them takes MLflow
several seconds a model.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pipeline
from pipeline import files, manifest, paths
from pipeline.data.prepared import CARD
from pipeline.params import Params

if TYPE_CHECKING:
    from mlflow.models import Model, ModelSignature

    from pipeline.inference.frames import Column, Frames
    from pipeline.inference.load import Source

# The code that answers, which travels with the model. A test compares it with what `pipeline.inference` imports.
CODE = (
    "pipeline/__init__.py",
    "pipeline/data",
    "pipeline/determinism.py",
    "pipeline/errors.py",
    "pipeline/execution",
    "pipeline/files.py",
    "pipeline/inference",
    "pipeline/manifest.py",
    "pipeline/models",
    "pipeline/params",
    "pipeline/paths.py",
    "pipeline/spreadsheets.py",
    "pipeline/tasks",
)
LOADER = Path(__file__).parent / "served_model.py"
REQUIREMENTS = ("mlflow", "numpy", "pandas", "pydantic", "ruamel.yaml", "safetensors", "torch", "tqdm")
NUMERICS = (
    "Fixed kernels give the pipeline's own answers the same digits on every processor. They are chosen before NumPy is "
    "imported, and MLflow imports it first, so the last digits of answers may differ here."
)


def digest(dataset: str, model: str, params: Params) -> str:
    """Return the SHA-256 of all that a registered model consists of; computing it imports no torch."""
    parts = [
        files.sha256(paths.model(dataset, model) / manifest.MANIFEST),
        files.sha256(paths.prepared(dataset) / CARD),
        params.datasets[dataset].model_dump(mode="json"),
        _code_digests(),
        requirements(),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def requirements() -> list[str]:
    """Return what a process needs to answer with a model, at the versions that are installed here."""
    versions = ((name, metadata.version(name).partition("+")[0]) for name in REQUIREMENTS)  # torch has 2.13.0+cpu
    return [f"{name}=={version}" for name, version in versions]


def write(source: "Source", folder: Path, model: "Model", facts: dict[str, str]) -> None:
    """Write a model in the form of MLflow's flavour `python_function`.

    Args:
        source: The trained model.
        folder: An empty folder for all files, in which `model` is one.
        model: Its ids in MLflow.
        facts: What its metadata say.
    """
    import mlflow.pyfunc
    import pandas as pd

    from pipeline.data.prepared import TRAIN
    from pipeline.inference import frames, packed  # late: they import torch
    from pipeline.inference.load import build_predictor

    data, code = folder / "data", folder / "code"
    data.mkdir()
    predictor = build_predictor(source, fit=TRAIN)
    interval = packed.write(source, predictor, paths.prepared(source.description.dataset), data)
    _copy_code(code)
    answers = frames.frames_of(predictor, interval)
    mlflow.pyfunc.save_model(
        folder / "model",
        loader_module=LOADER.stem,
        data_path=str(data),
        code_paths=[str(code / "pipeline"), str(LOADER)],
        mlflow_model=model,
        signature=signature(answers),
        input_example=pd.DataFrame(answers.example(source.prepared)),
        pip_requirements=requirements(),
        metadata={**facts, "numerics": NUMERICS},
    )


def signature(frames: "Frames[Any]") -> "ModelSignature":
    """Return the columns that a model takes and returns, and its options, as MLflow describes them."""
    from mlflow.models import ModelSignature
    from mlflow.types import DataType, ParamSchema, ParamSpec, Schema

    kinds = {int: DataType.long, float: DataType.double}
    options = [ParamSpec(name, kinds[type(default)], default) for name, default in frames.options.items()]
    inputs, outputs = (Schema(_columns(columns)) for columns in (frames.inputs, frames.outputs))
    given = {"params": ParamSchema(options)} if options else {}
    return ModelSignature(inputs, outputs, **given)


def _columns(columns: "Sequence[Column]") -> list[Any]:
    from mlflow.types import ColSpec, DataType
    from mlflow.types.schema import AnyType

    kinds: dict[str, DataType | AnyType] = {"text": DataType.string, "number": DataType.double}
    kinds["any"] = AnyType()  # type: ignore[no-untyped-call]
    return [ColSpec(kinds[column.kind], column.name, column.required) for column in columns]


def _root() -> Path:
    return Path(pipeline.__file__).parent.parent


def _code() -> Iterator[Path]:
    """Yield the files of `CODE`."""
    for name in CODE:
        place = _root() / name
        found: Iterable[Path] = [place] if place.is_file() else sorted(place.rglob("*.py"))
        yield from (path.relative_to(_root()) for path in found)


@cache
def _code_digests() -> list[tuple[str, str]]:
    """Return the digest of each file of the code that travels."""
    found = [*_code(), LOADER.relative_to(_root())]
    return [(str(path), files.sha256(_root() / path)) for path in found]


def _copy_code(folder: Path) -> None:
    for path in _code():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_root() / path, folder / path)
