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
    if not _agree(verdict.shifts):
        sys.exit(1)


def _agree(shifts: Sequence[Shift]) -> bool:
    """Say whether all metrics agree, and which do not; where none could be compared, nothing does."""
    if not shifts:
        return False
    apart = [shift for shift in shifts if shift.share > 1]
    for shift in apart:
        click.echo(f"Does not agree: {shift}")
    farthest = max(shifts, key=lambda shift: shift.share)
    if not apart:
        click.echo(f"agree: {len(shifts)} metrics, their 95 % intervals overlap; the farthest apart is {farthest}")
    return not apart


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
