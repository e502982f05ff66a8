"""Check that the committed results can be reproduced: `python -m stages.verify`."""

import sys
from collections.abc import Sequence

import click

from pipeline import determinism
from pipeline.reproduce import verify
from pipeline.reproduce.agreement import MetricDifference
from pipeline.reproduce.verify import VerifyResult
from stages.command import reports_errors


@click.command()
@reports_errors
def main() -> None:
    """Run the last commit again in a temporary clone, and compare the results with the committed ones."""
    if uncommitted := verify.list_uncommitted():
        click.echo(f"Not verified, since not committed: {uncommitted[0]}{_format_rest(len(uncommitted) - 1)}")
    level = verify.reproducibility_here()
    wanted = "bytes must be the same" if level == "portable" else "metrics must agree, bytes may differ"
    click.echo(f"Reproducibility here: {level}: {determinism.DESCRIPTIONS[level]}; {wanted}")
    result = verify.verify_commit(level)
    if not result.differences:
        click.echo(f"identical: {result.commit[:10]} reproduces the committed lock, results and reports, byte for byte")
        return
    _print_differences(result)
    if result.metrics is not None:
        _print_metrics(result.metrics, result.agrees)
    if not result.agrees:
        sys.exit(1)


def _print_metrics(metrics: Sequence[MetricDifference], agrees: bool) -> None:
    """Print the metrics that do not agree, and whether the results as a whole do."""
    for metric in metrics:
        if not metric.agrees:
            click.echo(f"Does not agree: {metric}")
    if agrees:
        largest = max(metrics, key=lambda metric: metric.ratio, default=None)
        click.echo(
            f"agree: {len(metrics)} metrics compared, all within tolerance; largest difference: {largest or 'none'}"
        )


def _print_differences(result: VerifyResult) -> None:
    """Print a table of the files that differ, and the likely causes."""
    width, count = max(len(difference.path) for difference in result.differences), len(result.differences)
    click.echo(f"\nFrom {result.commit[:10]}, not as committed: {count} file{'s' if count > 1 else ''}\n")
    for difference in result.differences:
        click.echo(f"  {difference.path:{width}}  {difference.description}")
    click.echo()
    for cause in result.causes:
        click.echo(f"Likely cause: {cause}")


def _format_rest(count: int) -> str:
    return f" and {count} more" if count else ""


if __name__ == "__main__":
    main()
