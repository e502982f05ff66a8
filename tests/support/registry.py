"""Register models of small projects, and look at what the registry then has."""

import json

import mlflow.pyfunc

from pipeline import files, paths
from pipeline.params import load_params
from pipeline.tracking import registry, store

METRICS = ("test.accuracy", "other/test.loss", "other/validation.loss")


def register(dataset, runs):
    with store.connect() as client:
        return registry.register_best(client, dataset, load_params(), runs[dataset])


def make_runs(datasets):
    """Create an empty run for each model."""
    known = load_params()
    with store.connect() as client:
        runs = {}
        for dataset in datasets:
            experiment = client.create_experiment(
                dataset, artifact_location=(store.artifact_folder() / dataset).as_uri()
            )
            runs[dataset] = {
                name: client.create_run(experiment, run_name=name).info.run_id for name in known.models_of(dataset)
            }
            for run in runs[dataset].values():
                for name in METRICS:
                    client.log_metric(run, name, 0.5)
    return runs


def set_gates(**gates):
    text = paths.PARAMS.read_text().partition("gates:")[0]
    paths.PARAMS.write_text(text + f"gates: {json.dumps(gates)}\n")


def rank_first(dataset, model):
    """Write results in which another model is the best."""
    where = paths.results(dataset) / "about.json"
    about = files.read_json(where)
    about["ranking"] = [model, *(name for name in about["ranking"] if name != model)]
    files.write_json(where, about)


def champion(client, dataset="names"):
    return str(client.get_registered_model(dataset).aliases.get("champion", "none"))


def load(client, dataset):
    version = client.get_model_version_by_alias(dataset, "champion")
    return mlflow.pyfunc.load_model(version.source)


def versions(client):
    return [of.version for of in client.search_model_versions("name = 'names'", order_by=["version_number ASC"])]


def count_files(client):
    """Return how many logged models data set names has."""
    return len(client.search_logged_models([client.get_experiment_by_name("names").experiment_id]))
