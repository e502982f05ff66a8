"""Try odd params, raw files, folders and requests for some minutes, and count how the commands end: `make fuzz`."""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

import click

from tests.fuzz.trials import KINDS, Fuzzer, Outcome

VERDICTS = ("accepted", "refused", "traceback", "changed", "injected", "hang")


@click.command()
@click.option("--minutes", type=float, default=10, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="The first trial's; the next has the next number.")
def main(minutes: float, seed: int) -> None:
    """Run trials until the time is over; print each fault and a table, and end with exit code 1 if there were any."""
    counts: Counter[tuple[str, str]] = Counter()
    deadline = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as folder:
        fuzzer = Fuzzer(Path(folder))
        number = seed
        while time.monotonic() < deadline:
            kind = [*KINDS][number % len(KINDS)]
            outcome = fuzzer.run(kind, Random(number))
            counts[kind, outcome.verdict] += 1
            if outcome.is_fault:
                _print_fault(outcome, number)
            number += 1
        fuzzer.close()
    _print_table(counts)
    sys.exit(any(count for (_, verdict), count in counts.items() if verdict not in VERDICTS[:2]))


def _print_fault(outcome: Outcome, number: int) -> None:
    last = "\n    ".join(outcome.output.strip().splitlines()[-4:])
    click.echo(f"{outcome.verdict} (--seed {number}): {outcome.kind}: {' '.join(outcome.arguments)[:200]}\n    {last}")


def _print_table(counts: Counter[tuple[str, str]]) -> None:
    click.echo(f"{'':8} {'tried':>9} " + " ".join(f"{verdict:>9}" for verdict in VERDICTS))
    for kind in KINDS:
        row = [counts[kind, verdict] for verdict in VERDICTS]
        click.echo(f"{kind:8} " + " ".join(f"{count:>9}" for count in [sum(row), *row]))


if __name__ == "__main__":
    main()
