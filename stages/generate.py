"""Let a language model write: `python -m stages.generate NAME --prefix TEXT`."""

import sys
from functools import partial

import click

import pipeline
from pipeline import piping
from pipeline.errors import reported


@click.command()
@click.argument("name")
@click.option("--prefix", required=True, help="The text to go on from.")
@click.option("--length", type=click.IntRange(min=1), default=200, show_default=True, help="Symbols to write.")
@click.option("--temperature", type=float, default=0.8, show_default=True, help="0: always the most likely symbol.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Of the draws.")
@click.option("--network", type=int, metavar="SEED", help="Let the network of one seed write; otherwise all together.")
@reported
@piping.piped
def main(name: str, prefix: str, length: int, temperature: float, seed: int, network: int | None) -> None:
    """Write text that goes on from a prefix with the trained language model NAME, as fast as it comes.

    The prefix is cleaned as the data set is, and shown so. Words end where those of the data set do.
    """
    try:
        predictor = pipeline.load(name, seed=network)
        predictor.notify = partial(click.echo, err=True)
        for symbol in predictor.written(prefix, length, temperature, seed):
            click.echo(symbol, nl=False)  # which flushes
        click.echo()
    except KeyboardInterrupt:
        click.echo()
        sys.exit(130)  # here and not in `reported`, which speaks of the stages that DVC runs


if __name__ == "__main__":
    main()
