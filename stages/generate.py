"""Generate text with a language model: `python -m stages.generate NAME --prefix TEXT`."""

import sys
from functools import partial

import click

import pipeline
from pipeline.data.prepared import FITS
from stages.command import ends_with_pipe, reports_errors


@click.command()
@click.argument("name")
@click.option("--prefix", required=True, help="The text to continue.")
@click.option(
    "--length", type=click.IntRange(min=1), default=200, show_default=True, help="How many symbols to generate."
)
@click.option(
    "--temperature",
    type=float,
    default=0.8,
    show_default=True,
    help="From 0.001 to 1000; below 1 likely symbols become likelier. 0 takes the most likely symbol each time.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="The seed of the random draws."
)
@click.option(
    "--network", type=int, metavar="SEED", help="Use the network of one seed.  [default: the ensemble of all seeds]"
)
@click.option(
    "--fit", type=click.Choice(FITS), help="The fit to these rows.  [default: train, where rows are held out]"
)
@reports_errors
@ends_with_pipe
def main(
    name: str, prefix: str, length: int, temperature: float, seed: int, network: int | None, fit: str | None
) -> None:
    """Continue a prefix with the trained language model NAME, and print each symbol as it is generated.

    \b
    python -m stages.generate text-lstm --prefix "in the beginning "
    python -m stages.generate words-lstm --prefix bl --temperature 0 --fit all_rows

    The prefix is printed as the model reads it, cleaned as the data set is. A word ends at the length of the data
    set's longest word.
    """  # noqa: D301 - click reads the character \b
    try:
        predictor = pipeline.load(name, seed=network, fit=fit)
        predictor.notify = partial(click.echo, err=True)
        for symbol in predictor.generate_with_prefix(prefix, length, temperature, seed):
            click.echo(symbol, nl=False)  # which flushes
        click.echo()
    except KeyboardInterrupt:
        click.echo()
        sys.exit(130)  # here, because `reports_errors` asks the user to run the command again


if __name__ == "__main__":
    main()
