"""Check that the committed results can be reproduced: `python -m stages.verify`."""

import sys
from collections.abc import Sequence

import click

from pipeline import determinism
from pipeline.reproduce import verify
from pipeline.reproduce.agreement import MetricDifference
from pipeline.reproduce.verify import VerifyResult
from stages.command import reports_errors

BY_HAND = "changed by hand, or left by another run: dvc.lock is reproduced as committed, and these files are not"
ELSEWHERE = "packages other than those of requirements.lock (`make setup`), native kernels, a GPU, or another processor"


@click.command()
@reports_errors
def main() -> None:
    """Run the last commit again in a temporary clone, and compare the results with the committed ones."""
    for path in verify.list_uncommitted():
        click.echo(f"Not verified, since not committed: {path}")
    level = determinism.reproducibility(determinism.choose_device().type)
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


def _print_differences(result: VerifyResult) -> None:
    """Print a table of the files that differ, and the likely cause."""
    click.echo(f"\nNot as committed in {result.commit[:10]}:\n")
    for path, description in result.differences.items():
        click.echo(f"  {path:{max(map(len, result.differences))}}  {description}")
    click.echo(f"\nLikely cause: {ELSEWHERE if verify.LOCK in result.differences else BY_HAND}")


def _print_metrics(metrics: Sequence[MetricDifference], agrees: bool) -> None:
    """Print the metrics that do not agree, and whether the results as a whole do."""
    for metric in metrics:
        if metric.ratio > 1:
            click.echo(f"Does not agree: {metric}")
    if agrees:
        largest = max(metrics, key=lambda metric: metric.ratio, default="none")
        click.echo(f"agree: {len(metrics)} metrics compared, all within tolerance; largest difference: {largest}")


if __name__ == "__main__":
    main()
