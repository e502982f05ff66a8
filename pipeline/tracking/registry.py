"""Register the best model of a data set in MLflow's model registry, under the data set's name.

A version carries a digest of all that it consists of, so registering twice writes nothing. Several processes may
register at once: of versions with one digest the oldest stays. Whoever finds the others deletes them, as the process
that made one may have ended, or lost its server, before it could.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import paths
from pipeline.errors import TrackingError
from pipeline.params import Params
from pipeline.tracking import descriptions, logged_models
from pipeline.tracking.candidates import Candidate, read_candidate
from pipeline.tracking.logged_models import DIGEST

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

CHAMPION = "champion"  # the alias
MODEL_ID, GATES = "model_id", "gates"  # tags of a version
PROMOTED = "promoted"  # a tag of the registered model: the version that was last made the champion here


@dataclass(frozen=True)
class Registration:
    """What was done with the best model of a data set."""

    model: str
    version: str
    created: bool  # whether the version is new
    champion: str | None  # the version with this alias now
    line: str  # all of that, for a person
    is_news: bool  # whether the version or the champion is new, or a gate blocks it


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
    candidate = read_candidate(dataset, params, run_ids)
    if candidate is None:
        return None
    registered = _registered_model(client, candidate)
    former = _champion(registered)
    known = _find_versions(client, candidate)
    created = not known
    version = known[0] if known else _create_version(client, candidate)
    for copy in known[1:]:
        if _number(copy) not in map(str, registered.aliases.values()):  # else somebody uses it
            _delete_copy(client, candidate, copy, version)
    _update_version(client, candidate, version)
    champion = _promote(client, candidate, registered, _number(version))
    line = _describe(candidate, _number(version), created, former, champion)
    is_news = created or champion != former or bool(candidate.failures)
    return Registration(candidate.name, _number(version), created, champion, line, is_news)


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


def _find_versions(client: "MlflowClient", candidate: Candidate) -> "list[ModelVersion]":
    """Return the versions with the candidate's digest, the oldest first."""
    query = f"name = '{candidate.dataset}' and tags.{DIGEST} = '{candidate.digest}'"
    return sorted(client.search_model_versions(query), key=lambda version: int(version.version))


def _create_version(client: "MlflowClient", candidate: Candidate) -> "ModelVersion":
    """Write the model's files, and register them; if another process has done that meanwhile, take its version."""
    logged = logged_models.log_model(client, candidate)
    tags = {"model": candidate.name, DIGEST: candidate.digest, MODEL_ID: logged.model_id, GATES: candidate.verdict}
    if experiment := os.environ.get("DVC_EXP_NAME"):
        tags["dvc_exp_name"] = experiment
    own = client.create_model_version(
        candidate.dataset,
        logged.artifact_location,
        candidate.run,
        tags,
        description=candidate.description,
        model_id=logged.model_id,
    )
    oldest = next(iter(_find_versions(client, candidate)), own)
    if _number(oldest) != _number(own):
        _delete_copy(client, candidate, own, oldest)
        return oldest
    logged_models.name_version(client, logged.model_id, candidate.dataset, int(own.version))
    return own


def _delete_copy(client: "MlflowClient", candidate: Candidate, copy: "ModelVersion", kept: "ModelVersion") -> None:
    """Delete a version that says what an older one does; also its files, unless the older one has taken them."""
    try:
        client.delete_model_version(candidate.dataset, _number(copy))
    except TrackingError:
        if _number(copy) in map(_number, _find_versions(client, candidate)):
            raise
        return  # another process was faster, and deletes the files too
    model_id = copy.tags.get(MODEL_ID)
    if model_id is not None and model_id != kept.tags.get(MODEL_ID):
        client.delete_logged_model(model_id)


def _update_version(client: "MlflowClient", candidate: Candidate, version: "ModelVersion") -> None:
    """Note what is not as when a version was made: the gates, or its run, which was written anew and has to list it."""
    if version.tags.get(GATES) != candidate.verdict:
        client.set_model_version_tag(candidate.dataset, _number(version), GATES, candidate.verdict)
    model_id = version.tags.get(MODEL_ID)
    if version.run_id != candidate.run and model_id is not None:
        logged_models.list_under_run(client, candidate.run, model_id)
