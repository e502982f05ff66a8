"""Ask a trained model: `python -m stages.predict NAME INPUT...`."""

import os
from functools import partial
from pathlib import Path

import click

import pipeline
from pipeline import piping
from pipeline.errors import reported

TOP = 5


@click.command()
@click.argument("name")
@click.argument("inputs", nargs=-1)
@click.option(
    "--input", "source", type=piping.source, metavar="PATH", help="A CSV of inputs, one a row; - is standard input."
)
@click.option(
    "--output",
    type=piping.destination,
    metavar="PATH",
    help="Where its rows go with their answers; otherwise to standard output, as for -.",
)
@click.option("--column", help="The column of --input that holds the inputs; otherwise as in the data set.")
@click.option("--top", type=click.IntRange(min=1), help=f"How many answers to INPUTS to rank.  [default: {TOP}]")
@click.option("--network", type=int, metavar="SEED", help="Ask the network of one seed; otherwise the mean of all.")
@reported
@piping.piped
def main(
    name: str,
    inputs: tuple[str, ...],
    source: Path | None,
    output: Path | None,
    column: str | None,
    top: int | None,
    network: int | None,
) -> None:
    """Ask the trained model NAME about each of INPUTS, or about each row of a CSV.

    An input is what the model's data set holds: a name, the bits of a number, the characters before the
    one to be told. Forecasts go on from the values of the past days, oldest first with spaces between
    them, or from a CSV of the columns of the data set's own file (date, store, item, sales), reduced to
    a value a day as there, or of date and sales alone, a row a day; --output then holds the forecast of
    each day that has enough days before it.
    """
    if bool(inputs) == bool(source):
        raise click.UsageError("wanted either INPUTS or --input PATH")
    if source is None and (output or column):
        raise click.UsageError("--output and --column go with --input PATH")
    if source and top:
        raise click.UsageError("--top goes with INPUTS; a row of --input gets the most likely answer")
    try:
        predictor = pipeline.load(name, seed=network)
        predictor.notify = partial(click.echo, err=True)
        lines = predictor.answer_table(source, output, column) if source else predictor.told_all(inputs, top or TOP)
        click.echo("\n".join(lines), nl=bool(lines))
    except KeyboardInterrupt:
        os._exit(130)  # at once: a second Ctrl-C must not meet torch's threads while Python takes itself down


if __name__ == "__main__":
    main()
