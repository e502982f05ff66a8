"""Ask a trained model: `python -m stages.predict NAME INPUT...`."""

import os
from functools import partial
from pathlib import Path

import click

import pipeline
from pipeline.data.prepared import FITS
from stages.command import ends_with_pipe, input_path, output_path, reports_errors

TOP = 5


@click.command()
@click.argument("name")
@click.argument("inputs", nargs=-1)
@click.option(
    "--input",
    "source",
    type=input_path,
    metavar="PATH",
    help="A CSV with an input in each row, which gzip may have packed; - is stdin.",
)
@click.option(
    "--output",
    type=output_path,
    metavar="PATH",
    help="Where the rows of --input go with their answers; stdout by default, and for -.",
)
@click.option("--column", help="The column of --input that has the inputs.  [default: as in the data set's file]")
@click.option("--spreadsheet", is_flag=True, help="Put an apostrophe before each text that looks like a formula.")
@click.option(
    "--top", type=click.IntRange(min=1), help=f"How many of the most likely answers to print.  [default: {TOP}]"
)
@click.option(
    "--network", type=int, metavar="SEED", help="Ask the network of one seed.  [default: the ensemble of all seeds]"
)
@click.option(
    "--fit", type=click.Choice(FITS), help="The fit to these rows.  [default: train, where rows are held out]"
)
@reports_errors
@ends_with_pipe
def main(
    name: str,
    inputs: tuple[str, ...],
    source: Path | None,
    output: Path | None,
    column: str | None,
    spreadsheet: bool,
    top: int | None,
    network: int | None,
    fit: str | None,
) -> None:
    """Ask the trained model NAME about each of INPUTS, or about each row of a CSV.

    An input looks as in the model's data set: a name, the bits of a number, or the characters before the one to
    predict.

    \b
    python -m stages.predict names-lstm Yamamoto --top 3
    python -m stages.predict binary-lstm 10110011
    python -m stages.predict names-lstm --input names.csv --output answers.csv

    A forecast takes the values of the past days, oldest first, with spaces between them. Or it takes a CSV with the
    columns of the data set's own file (date, store, item, sales), which is reduced to one value for each day; a CSV of
    date and sales alone has one row for each day. The answer is the day after the last one; --output gets the forecast
    of every day that has enough days before it.
    """  # noqa: D301 - click reads the character \b
    _refuse_odd_options(inputs, source, bool(output or column or spreadsheet), top)
    try:
        predictor = pipeline.load(name, seed=network, fit=fit)
        predictor.notify = partial(click.echo, err=True)
        if source:
            lines = predictor.answer_table(source, output, column, spreadsheet=spreadsheet)
        else:
            lines = predictor.describe_all(inputs, top or TOP)
        click.echo("\n".join(lines), nl=bool(lines))
    except KeyboardInterrupt:
        os._exit(130)  # at once: a second Ctrl-C would meet torch's threads while Python shuts down


def _refuse_odd_options(inputs: tuple[str, ...], source: Path | None, of_source: bool, top: int | None) -> None:
    """Refuse options that do not go with the kind of input."""
    if bool(inputs) == bool(source):
        raise click.UsageError("wanted either INPUTS or --input PATH")
    if source is None and of_source:
        raise click.UsageError("--output, --column and --spreadsheet go with --input PATH")
    if source and top:
        raise click.UsageError("--top goes with INPUTS; a row of --input gets the most likely answer")


if __name__ == "__main__":
    main()
