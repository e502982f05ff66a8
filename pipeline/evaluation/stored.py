"""The results of a data set as `evaluate` wrote them, read again by the report and for MLflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import files, paths, spreadsheets
from pipeline.errors import DataError
from pipeline.evaluation import about
from pipeline.evaluation.about import About

Rows = list[dict[str, str]]
Metrics = Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]  # model, split, metric -> value, low, high, ...


@dataclass(frozen=True)
class StoredResults:
    """Everything in results/DATASET but the curves, which the models' folders have too."""

    dataset: str
    about: About
    metrics: Metrics
    values: Rows  # of each seed
    tables: Mapping[str, Rows]  # by the stem of the file
    table_files: tuple[Path, ...]
    figures: tuple[Path, ...]


def read(dataset: str, models: Sequence[str]) -> StoredResults:
    """Read the results of a data set.

    Raises:
        DataError: if a file is missing or damaged, or the results lack one of these models.
    """
    folder = paths.results(dataset)
    metrics = files.read_json(folder / "metrics.json")
    if missing := [model for model in models if model not in metrics]:
        raise DataError(f"{folder / 'metrics.json'}: no results of model {missing[0]}; run `dvc repro`, which adds it")
    table_files = tuple(sorted((folder / "tables").glob("*.csv")))
    return StoredResults(
        dataset=dataset,
        about=about.read(folder),
        metrics=metrics,
        values=files.read_csv(folder / "seeds.csv"),
        tables={path.stem: spreadsheets.read_csv(path) for path in table_files},
        table_files=table_files,
        figures=tuple(sorted((folder / "figures").glob("*.png"))),
    )
