"""Account for the processor time of a whole run: `python -m benchmarks.whole_run`.

With `--against COMMIT`, runs of the last commit and of that one take turns.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks import accounting, projects
from benchmarks.accounting import Usage
from benchmarks.measured import Goal, Measured, ratios
from pipeline.errors import PipelineError
from pipeline.execution import background, lifecycle, workers
from pipeline.files import read_json
from pipeline.project import code
from stages.command import reports_errors

TITLE = "A whole run"
ABOUT = """\
`python -m stages.repro` in a fresh clone with an empty DVC cache, from raw data to results and MLflow, as `make repro`
runs it; the report is in Git and stays as it is, so its stage does not run. *Processor seconds* are those of all
processes of a stage, workers included; *training* is what the trainings themselves took, as `.timings` has it, and no
other stage has any. The follower logs trainings to MLflow while they run, at the lowest priority. A few times a second
it is looked which process does what; the row *between two looks* has what was not seen. *Core use* is processor time by
the time of all cores.
"""

FOLLOWER, DVC, BETWEEN = "the follower", "DVC and `stages.repro`", "between two looks"
STAGES = ("check", "fetch", "prepare", "baseline", "train", "evaluate", "report", "publish")
COLUMNS = ("part", "processor seconds", "share in %", "training")
TRAINING_GOAL, USE_GOAL = 0.85, 0.90
QUICK_MODELS = 2


@dataclass(frozen=True)
class Run:
    """What a whole run took, and how many processor seconds of that were trainings."""

    usage: Usage
    training: float

    @property
    def own(self) -> float:
        """Processor seconds without those of the follower."""
        return self.usage.processor - self.usage.parts.get(FOLLOWER, 0.0)

    @property
    def facts(self) -> dict[str, float]:
        """What is compared of two versions."""
        rest = {"all but training, the follower": self.own - self.training}
        parts = {f"of that, {part}": seconds for part, seconds in self.usage.parts.items() if part != FOLLOWER}
        whole = {"seconds": self.usage.wall, "processor seconds": self.usage.processor, "training": self.training}
        return whole | rest | {"share of training": self.training / self.own, "core use": use(self.usage)} | parts


def measure(quick: bool = False) -> Measured:
    """Run the last commit, or a project of two small models."""
    run = run_small() if quick else run_commit("HEAD")
    parts = run.usage.parts | {BETWEEN: run.usage.processor - sum(run.usage.parts.values())}
    order = [*STAGES, DVC, FOLLOWER, BETWEEN]
    rows = [
        (part, seconds, 100 * seconds / run.usage.processor, run.training if part == "train" else "")
        for part, seconds in sorted(parts.items(), key=lambda item: order.index(item[0]))
    ]
    whole = ("all", run.usage.processor, 100.0, run.training)
    share, used = run.training / run.own, use(run.usage)
    goals = (
        Goal(
            f"at least {TRAINING_GOAL:.0%} of the processor time, without the follower's, in trainings",
            100 * share,
            share >= TRAINING_GOAL,
            "%",
            "" if share >= TRAINING_GOAL else describe_rest(run),
        ),
        Goal(f"core use of at least {USE_GOAL:.0%}", 100 * used, used >= USE_GOAL, f"% of {run.usage.wall:.0f} s"),
    )
    return Measured(COLUMNS, (*rows, whole), goals)


def use(usage: Usage) -> float:
    """Return which share of the time of all cores was used."""
    return usage.processor / (usage.wall * workers.cores())


def describe_rest(run: Run) -> str:
    """Return the largest parts of what is no training."""
    rest = {part: seconds for part, seconds in run.usage.parts.items() if part != FOLLOWER}
    rest["train"] = rest.get("train", 0.0) - run.training
    largest = sorted(rest.items(), key=lambda item: -item[1])[:3]
    named = {"train": "imports and start of the trainings"}
    return (
        f"The rest is {', '.join(f'{named.get(part, part)} ({seconds:.0f} s)' for part, seconds in largest)}, and less."
    )


def run_commit(commit: str) -> Run:
    """Run a commit in a fresh clone, with an empty cache of its own."""
    with tempfile.TemporaryDirectory() as name:
        clone = Path(name) / "clone"
        for command in (
            ("git", "clone", "--quiet", "--no-checkout", str(code.ROOT), str(clone)),
            ("git", "-C", str(clone), "checkout", "--quiet", commit),
        ):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise PipelineError(f"{commit}: {done.stderr.strip()}")
        return account(clone)


def run_small() -> Run:
    """Run a project of a few small models, which no dvc.lock knows."""
    with tempfile.TemporaryDirectory() as name:
        projects.write(Path(name), QUICK_MODELS)
        return account(Path(name))


def account(folder: Path) -> Run:
    """Run a project folder whole."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(projects.FOREIGN)}
    command = [sys.executable, "-m", "stages.repro"]
    usage = accounting.account(command, folder, inherited, part_of)
    records = (read_json(path) for path in sorted((folder / ".timings").rglob("*.json")))
    return Run(usage, sum(seed["seconds"] for record in records for seed in record.values()))


def part_of(command: str, environment: Mapping[str, str]) -> str:
    """Return to which part of a run a process belongs."""
    if background.FOLLOWER in command:
        return FOLLOWER
    stage = environment.get(lifecycle.DVC_STAGE, "").partition("@")[0]
    return stage or DVC


@click.command()
@click.option("--against", help="A commit whose runs take turns with those of the last one.")
@click.option("--pairs", default=2, show_default=True, type=click.IntRange(1), help="Runs of each commit.")
@reports_errors
def main(against: str | None, pairs: int) -> None:
    """Print what a whole run takes, and what it takes for one of another commit."""
    commits = ["HEAD", *([against] if against else [])]
    runs: dict[str, list[dict[str, float]]] = {commit: [] for commit in commits}
    for _ in range(pairs):
        for commit in commits:
            runs[commit].append(run_commit(commit).facts)
    click.echo(f"median of {pairs}: {', '.join(commits)}{', median ratio' if against else ''}")
    for name in runs["HEAD"][0]:
        values = [[facts.get(name, 0.0) for facts in found] for found in runs.values()]
        ratio = [statistics.median(ratios(*values))] if against and all(values[1]) else []
        click.echo(
            "  ".join((f"{name:36}", *(f"{number:9.3f}" for number in [*map(statistics.median, values), *ratio])))
        )


if __name__ == "__main__":
    main()
