"""The record of the run that compares all models of a data set."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline import files, paths
from pipeline.params import Params
from pipeline.project import code
from pipeline.tracking import identity, records
from pipeline.tracking.comparison import Comparison
from pipeline.tracking.records import Record

NAME = "comparison"
REPORT = paths.REPORTS / "index.html"
TABLES = "mlflow.loggedArtifacts"  # the tag by which MLflow's page shows a JSON file as a table, as `log_table` sets it


def describe(dataset: str, dataset_records: Sequence[Record], params: Params) -> Record:
    """Return the record without its content, which takes time to make: what decides that is in its digest."""
    results = records.read_results(dataset, params)
    keys = sorted(record.key for record in dataset_records)
    shown = [*results.table_files, *results.figures, paths.results(dataset) / "about.json"]
    report = files.sha256(REPORT) if REPORT.exists() else ""
    parts = [sorted(record.digest for record in dataset_records), files.sha256(*shown), report, code.digest("report")]
    return Record(
        name=NAME,
        kind=NAME,
        dataset=dataset,
        data_card=results.data_card,
        key=identity.make_key(NAME, dataset, keys),
        digest=identity.make_key(NAME, dataset, parts),
        artifacts=(
            *((path, "tables") for path in results.table_files),
            *((path, "figures") for path in results.figures),
            *([(REPORT, "report")] if report else []),
        ),
    )


def complete(record: Record, content: Comparison, folder: Path) -> Record:
    """Return the record with its content, the tables of which are written into a folder."""
    names = [_write_table(folder / name, columns) for name, columns in content.tables.items() if columns]
    tables = json.dumps([{"path": path.name, "type": "table"} for path in names])
    return replace(
        record,
        params=content.params,
        metrics=content.metrics,
        artifacts=(*((path, "") for path in (*content.artifacts, *names)), *record.artifacts),
        tags={TABLES: tables},
        note=content.text[: records.NOTE_LENGTH],
    )


def _write_table(path: Path, columns: Mapping[str, list[Any]]) -> Path:
    """Write a table as MLflow's `log_table` does."""
    files.write_json(path, {"columns": list(columns), "data": list(map(list, zip(*columns.values(), strict=True)))})
    return path
