"""Evaluate the models of a data set: `python -m stages.evaluate NAME`."""

import click

from pipeline import files, leftovers, paths
from pipeline.determinism import DESCRIPTIONS
from pipeline.evaluation.results import Evaluation
from pipeline.evaluation.run import evaluate
from pipeline.execution import background
from pipeline.execution.progress import still_running
from pipeline.params import find_block, load_params
from stages.command import block_name, reports_errors


@click.command()
@block_name
@reports_errors
def main(name: str) -> None:
    """Evaluate every model of the data set NAME on its held-out rows, beside its baselines."""
    params = load_params()
    find_block(params.datasets, name, "datasets")
    models = sorted(params.models_of(name))
    leftovers.refuse(params.model_names)
    with still_running(f"{name}: evaluating"), files.replacing_folder(paths.results(name)) as folder:
        evaluations = evaluate(name, models, folder)
    for evaluation in evaluations.all:
        click.echo(f"{evaluation.model}: {_describe(evaluation)}")
    if evaluations.reproducibility != "portable":
        click.echo(f"{name}: {DESCRIPTIONS[evaluations.reproducibility]}")
    background.announce(click.echo, name)


def _describe(evaluation: Evaluation) -> str:
    """Return the first metric of each split: that of the ensemble of a model's seeds."""
    values = []
    for split, metrics in evaluation.metrics.items():
        metric, value = next(iter(metrics.items()))
        values.append(f"{split} {metric} {value:.4g}")
    return ", ".join(values) or "every seed diverged"


if __name__ == "__main__":
    main()
