"""Run benchmarks, keep what they find, and write docs/performance.md from it: `python -m benchmarks`."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from benchmarks import machine, page
from benchmarks.measured import NotHereError, Record, format_goal, format_table, result_path, write_record
from stages.command import reports_errors


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--page", "only_page", is_flag=True, help="Measure nothing; write the page from what was measured.")
@click.option("--quick", is_flag=True, help="Take only a few steps, and keep nothing: does each benchmark run?")
@reports_errors
def main(names: Sequence[str], only_page: bool, quick: bool) -> None:
    """Run all benchmarks or the named ones; write benchmarks/results/NAME.json and docs/performance.md."""
    known = page.benchmark_names()
    if unknown := [name for name in names if name not in known]:
        raise click.ClickException(f"{unknown[0]}: no such benchmark; known: {', '.join(known)}")
    for name in () if only_page else names or known:
        run(name, quick)
    if not quick:
        page.write()


def run(name: str, quick: bool) -> None:
    """Run a benchmark and keep what it finds, unless it was a quick trial; say so where it cannot run."""
    benchmark = page.load(name)
    here, revision = machine.describe(), machine.revision()
    click.echo(f"{name}: {benchmark.TITLE}")
    try:
        measured = benchmark.measure(quick)
    except NotHereError as error:
        click.echo(f"{name}: not run: {error}\n")
        return
    click.echo(format_table(measured))
    for goal in measured.goals:
        click.echo(f"Goal: {format_goal(goal)}")
    click.echo()
    if not quick:
        write_record(result_path(name), Record(datetime.now(UTC).date().isoformat(), revision, here, measured))


if __name__ == "__main__":
    main()
