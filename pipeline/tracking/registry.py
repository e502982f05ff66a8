"""Register the best model of a data set in MLflow's model registry, under the data set's name.

A version carries a digest of all that it consists of, so registering twice writes nothing. Several processes may
register at once: of versions with one digest the oldest stays, and each process deletes only its own.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import files, paths
from pipeline.errors import TrackingError
from pipeline.evaluation import about
from pipeline.evaluation.about import About
from pipeline.params import Params
from pipeline.tracking import descriptions, gates, model_files, store
from pipeline.tracking.gates import Metrics

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

CHAMPION = "champion"  # the alias
DIGEST, MODEL_ID, GATES = "digest", "model_id", "gates"  # tags of a version
VERSIONS = "mlflow.modelVersions"  # the tag by which MLflow's pages link a logged model to its versions
PROMOTED = "promoted"  # a tag of the registered model: the version that was last made the champion here
PASSED, BLOCKED = "passed", "blocked"
ABANDONED_SECONDS = 3600  # a logged model takes seconds to write, so one that is older and not ready was cut off


@dataclass(frozen=True)
class Registration:
    """What was done with the best model of a data set."""

    model: str
    version: str
    created: bool  # whether the version is new
    champion: str | None  # the version with this alias now
    line: str  # all of that, for a person
    is_news: bool  # whether the version or the champion is new, or a gate blocks it


@dataclass(frozen=True)
class Candidate:
    """The best model of a data set by validation rows."""

    dataset: str
    name: str
    params: Params
    about: About
    metrics: Mapping[str, Metrics]  # of the model, by split
    run: str  # the id of its run

    @cached_property
    def digest(self) -> str:
        """Return the digest of all that a version consists of."""
        return model_files.digest(self.dataset, self.name, self.params)

    @cached_property
    def failures(self) -> list[str]:
        """Return the gates that the model does not meet."""
        bounds = self.params.gates.get(self.dataset, {})
        return list(gates.failed_gates(self.dataset, bounds, self.metrics.get("test", {}), self.about))

    @property
    def verdict(self) -> str:
        """Return whether it passes the gates, as the tag of its version says."""
        return f"{BLOCKED}: {'; '.join(self.failures)}" if self.failures else PASSED


def register_best(
    client: "MlflowClient", dataset: str, params: Params, run_ids: Mapping[str, str]
) -> Registration | None:
    """Register the best model of a data set, and make it the champion unless a gate blocks it.

    Args:
        client: A client whose calls end in time, from `store.connect`.
        dataset: The data set, whose name the registered model has.
        params: All params.
        run_ids: The id of the run of each of its models.

    Returns:
        What was done; None for a data set without a best model, such as one without validation rows.

    Raises:
        DataError: if results are missing or damaged.
        NotTrainedError: if the model's files are.
        TrackingError: if the store cannot be used.
    """
    folder = paths.results(dataset)
    of = about.read(folder)
    if not of.ranking:
        return None
    name = of.ranking[0]
    metrics = files.read_json(folder / "metrics.json")[name]
    candidate = Candidate(dataset, name, params, of, metrics, run_ids[name])
    registered = _registered_model(client, candidate)
    former = _champion(registered)
    version = _find_version(client, candidate)
    created = version is None
    version = version or _create_version(client, candidate)
    if not created:
        _update_version(client, candidate, version)
    champion = _promote(client, candidate, registered, _number(version))
    line = _describe(candidate, _number(version), created, former, champion)
    is_news = created or champion != former or bool(candidate.failures)
    return Registration(name, _number(version), created, champion, line, is_news)


def _promote(client: "MlflowClient", candidate: Candidate, registered: "RegisteredModel", version: str) -> str | None:
    """Make a version the champion if it may be, and was not before; return the champion.

    If it was, somebody has chosen another one in MLflow since, and that stays.
    """
    former = _champion(registered)
    if candidate.failures or _is_experiment_copy() or registered.tags.get(PROMOTED) == version:
        return former
    if former != version:
        client.set_registered_model_alias(candidate.dataset, CHAMPION, version)
    client.set_registered_model_tag(candidate.dataset, PROMOTED, version)
    return version


def _is_experiment_copy() -> bool:
    """Return whether this is a copy of the project, in which DVC tries an experiment."""
    return paths.project_folder().resolve() != Path.cwd().resolve()


def _describe(candidate: Candidate, version: str, created: bool, former: str | None, champion: str | None) -> str:
    """Return a line on what became of the best model."""
    start = f"{candidate.dataset}: {candidate.name} is version {version}{' (new)' if created else ''}"
    stays = f"version {champion} stays" if champion else "there is none"
    if candidate.failures:
        return f"{start}; blocked as {CHAMPION}: {'; '.join(candidate.failures)}; {stays}"
    if champion != version:
        why = "as it does in an experiment's copy" if _is_experiment_copy() else "as it was chosen in MLflow"
        return f"{start}; as {CHAMPION}, {stays}, {why}"
    return f"{start}, the {CHAMPION}{'' if former in (None, version) else f' in the place of version {former}'}"


def _registered_model(client: "MlflowClient", candidate: Candidate) -> "RegisteredModel":
    """Return the registered model of a data set, made if need be."""
    if found := _search_registered(client, candidate.dataset):
        return found
    text = descriptions.describe_registered(candidate.dataset, candidate.about)
    try:
        return client.create_registered_model(candidate.dataset, description=text)
    except TrackingError:
        if found := _search_registered(client, candidate.dataset):  # another process was faster
            return found
        raise


def _search_registered(client: "MlflowClient", name: str) -> "RegisteredModel | None":
    return next(iter(client.search_registered_models(f"name = '{name}'")), None)


def _champion(registered: "RegisteredModel") -> str | None:
    version = registered.aliases.get(CHAMPION)
    return None if version is None else str(version)


def _number(version: "ModelVersion") -> str:
    return str(version.version)


def _find_version(client: "MlflowClient", candidate: Candidate) -> "ModelVersion | None":
    """Return the oldest version with the candidate's digest."""
    query = f"name = '{candidate.dataset}' and tags.{DIGEST} = '{candidate.digest}'"
    return min(client.search_model_versions(query), key=lambda version: int(version.version), default=None)


def _create_version(client: "MlflowClient", candidate: Candidate) -> "ModelVersion":
    """Write the model's files, and register them; if another process has done that meanwhile, take its version."""
    logged = _log_model(client, candidate)
    tags = {"model": candidate.name, DIGEST: candidate.digest, MODEL_ID: logged.model_id, GATES: candidate.verdict}
    if experiment := os.environ.get("DVC_EXP_NAME"):
        tags["dvc_exp_name"] = experiment
    own = client.create_model_version(
        candidate.dataset,
        logged.artifact_location,
        candidate.run,
        tags,
        description=descriptions.describe_version(candidate.dataset, candidate.name, candidate.about),
        model_id=logged.model_id,
    )
    oldest = _find_version(client, candidate) or own
    if _number(oldest) != _number(own):
        client.delete_model_version(candidate.dataset, _number(own))
        client.delete_logged_model(logged.model_id)
        return oldest
    if not store.is_server():  # which does so itself
        link = [{"name": candidate.dataset, "version": int(own.version)}]
        client.set_logged_model_tags(logged.model_id, {VERSIONS: json.dumps(link)})
    return own


def _log_model(client: "MlflowClient", candidate: Candidate) -> "LoggedModel":
    """Write the model's files to the store, so that its run lists it; a model that an earlier try wrote is taken."""
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model

    from pipeline.inference.load import read_source  # late: it imports torch

    run = client.get_run(candidate.run)
    experiment = run.info.experiment_id
    earlier = client.search_logged_models([experiment], f"tags.{DIGEST} = '{candidate.digest}'")
    if ready := _ready_of(client, earlier, candidate.run):
        return ready
    logged = client.create_logged_model(
        experiment,
        candidate.name,
        candidate.run,
        {DIGEST: candidate.digest, "dataset": candidate.dataset, "model": candidate.name},
        dict(run.data.params),
        "sequence-pipeline",
    )
    model = Model(logged.artifact_location, candidate.run, model_uuid=logged.model_id, model_id=logged.model_id)
    facts = {"dataset": candidate.dataset, "model": candidate.name, DIGEST: candidate.digest}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model_files.write(read_source(candidate.name), folder, model, facts)
        client.log_model_artifacts(logged.model_id, str(folder / "model"))
    client.finalize_logged_model(logged.model_id, "READY")
    client.log_outputs(candidate.run, [LoggedModelOutput(logged.model_id, 0)])
    return logged


def _ready_of(client: "MlflowClient", earlier: "Iterable[LoggedModel]", run: str) -> "LoggedModel | None":
    """Return an earlier logged model of a run that was written to the end; delete those that were cut off."""
    ready = None
    for logged in earlier:
        if logged.source_run_id == run and logged.status.value == "READY":
            ready = logged
        elif logged.status.value != "READY" and logged.creation_timestamp < 1000 * (time.time() - ABANDONED_SECONDS):
            client.delete_logged_model(logged.model_id)
    return ready


def _update_version(client: "MlflowClient", candidate: Candidate, version: "ModelVersion") -> None:
    """Note what has changed around a version: the gates, or its run, which was written anew and has to list it too."""
    from mlflow.entities import LoggedModelOutput

    if version.tags.get(GATES) != candidate.verdict:
        client.set_model_version_tag(candidate.dataset, _number(version), GATES, candidate.verdict)
    model_id = version.tags.get(MODEL_ID)
    if version.run_id == candidate.run or model_id is None:
        return
    outputs = client.get_run(candidate.run).outputs
    if all(output.model_id != model_id for output in (outputs.model_outputs if outputs else ())):
        client.log_outputs(candidate.run, [LoggedModelOutput(model_id, 0)])
