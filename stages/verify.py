"""Check that the committed results come out again: `python -m stages.verify`."""

import sys
from collections.abc import Sequence

import click

from pipeline import verification
from pipeline.agreement import Shift
from pipeline.errors import reported
from pipeline.verification import Verdict


@click.command()
@reported
def main() -> None:
    """Run the last commit anew in a temporary clone, and compare what comes out with what is committed."""
    if changed := verification.uncommitted():
        click.echo(f"Not verified, since not committed: {changed[0]}{_more(len(changed) - 1)}")
    caveat = verification.caveat()
    click.echo(f"Promised here: {f'metrics that agree, not the same bytes ({caveat})' if caveat else 'the same bytes'}")
    verdict = verification.verify()
    if not verdict.differences:
        click.echo(f"identical: {verdict.commit[:10]} gives the committed lock, results and reports, byte for byte")
        return
    _show(verdict)
    if caveat and verdict.shifts is not None:
        _compare(verdict.shifts, verdict.agrees)
    if not verdict.agrees:
        sys.exit(1)


def _compare(shifts: Sequence[Shift], agrees: bool) -> None:
    """Say of the metrics that differ whether they agree, and which do not."""
    for shift in shifts:
        if shift.share > 1:
            click.echo(f"Does not agree: {shift}")
    if agrees:
        farthest = max(shifts, key=lambda shift: shift.share, default=None)
        click.echo(f"agree: {len(shifts)} metrics compared, all near enough; farthest: {farthest or 'none'}")


def _show(verdict: Verdict) -> None:
    """Print a table of what differs, and the likely cause."""
    width, count = max(len(difference.path) for difference in verdict.differences), len(verdict.differences)
    click.echo(f"\nFrom {verdict.commit[:10]}, not as committed: {count} file{'s' if count > 1 else ''}\n")
    for difference in verdict.differences:
        click.echo(f"  {difference.path:{width}}  {difference.amount}")
    click.echo()
    for cause in verdict.causes:
        click.echo(f"Likely cause: {cause}")


def _more(count: int) -> str:
    return f" and {count} more" if count else ""


if __name__ == "__main__":
    main()
