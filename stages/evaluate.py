"""Judge the models of a data set: `python -m stages.evaluate NAME`."""

import click

from pipeline import artifacts, paths, settings
from pipeline.errors import UserError, reported
from pipeline.evaluate import evaluate
from pipeline.judgement import Judgements


@click.command()
@click.argument("name")
@reported
def main(name: str) -> None:
    """Judge every model of the data set NAME on its held-out rows, beside the baseline."""
    params = settings.load()
    settings.chosen(params.datasets, name, "datasets")
    models = sorted(params.models_of(name))
    _refuse_leftovers(name, models)
    with artifacts.replacing_folder(paths.results(name)) as folder:
        judgements = evaluate(name, models, params.seeds, folder)
    for model in judgements.models:
        click.echo(f"{model}: {_headline(judgements, model)}")
    if judgements.caveat:
        click.echo(f"{name}: {judgements.caveat}")


def _refuse_leftovers(name: str, models: list[str]) -> None:
    """Refuse folders of models that params.yaml no longer names: DVC would hash them along."""
    found = sorted(path.name for path in paths.models(name).glob("[!.]*"))
    if left := [model for model in found if model not in models]:
        raise UserError(
            f"{paths.models(name) / left[0]}: params.yaml names no such model of data set {name}; "
            "delete that folder and run `dvc repro`"
        )


def _headline(judgements: Judgements, model: str) -> str:
    """Return the first metric of each split in words."""
    shown = []
    for split, metrics in judgements.metrics(model).items():
        metric, values = next(iter(metrics.items()))
        shown.append(f"{split} {metric} {sum(values.values()) / len(values):.4g}")
    return ", ".join(shown) or "every seed diverged"


if __name__ == "__main__":
    main()
