"""Check that the committed results come out again: `python -m stages.verify`."""

import sys

import click

from pipeline import verification
from pipeline.errors import reported
from pipeline.verification import Verdict


@click.command()
@reported
def main() -> None:
    """Run the last commit anew in a temporary clone, and compare what comes out with what is committed."""
    if changed := verification.uncommitted():
        click.echo(f"Not verified, since not committed: {changed[0]}{_more(len(changed) - 1)}")
    verdict = verification.verify()
    if not verdict.differences:
        click.echo(f"identical: {verdict.commit[:10]} gives the committed lock, results and reports, byte for byte")
        return
    _show(verdict)
    sys.exit(1)


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
