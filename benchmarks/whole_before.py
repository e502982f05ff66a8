"""Compare whole runs of this version with those of an earlier one."""

import statistics

from benchmarks.measured import Goal, Measured, ratios
from benchmarks.tiny import BEFORE
from benchmarks.whole_run import run_commit, run_small

TITLE = "A whole run, and one of before"
ABOUT = f"""\
`python -m stages.repro` in a fresh clone with an empty DVC cache, of this version and of commit `{BEFORE}`, in turns;
medians, and the median of the ratios of pairs. That commit is the version before the work on speed. *Processor
seconds* are those of all processes.
"""
NOTES = """\
RNN, GRU and `scratch` that read symbols have other bytes than at that commit, as the table of the symbols' vectors is
multiplied by the first weights once, and not each symbol's. The row *training* has what that and fewer calls a step
bought together. The rest is DVC, for which `dvc.lock` became shorter, and evaluation.
"""
PAIRS = 2
BAR, GOAL = 1.0, 0.8
REASON = "Most of a run are the trainings of LSTMs, which take as long as before."


def measure(quick: bool = False) -> Measured:
    """Run both versions in turns; quickly, a project of two small models with this version alone."""
    runs: dict[str, list[dict[str, float]]] = {"now": [], "before": []}
    for _ in range(1 if quick else PAIRS):
        for name, commit in (("now", "HEAD"), ("before", BEFORE)):
            runs[name].append((run_small() if quick else run_commit(commit)).facts)
    rows = tuple(_compare(fact, runs) for fact in ("seconds", "processor seconds", "training"))
    ratio = rows[0][3]
    goals = (
        Goal(
            f"at most {BAR:g} of the time at commit {BEFORE}",
            ratio,
            ratio <= BAR,
            reason="" if ratio <= BAR else REASON,
        ),
        Goal(f"at most {GOAL:g} of it", ratio, ratio <= GOAL, reason="" if ratio <= GOAL else REASON),
    )
    return Measured(("of a whole run", "now", f"commit {BEFORE}", "now / then"), rows, goals)


def _compare(fact: str, runs: dict[str, list[dict[str, float]]]) -> tuple[str, float, float, float]:
    now, before = ([facts[fact] for facts in runs[name]] for name in ("now", "before"))
    return fact, statistics.median(now), statistics.median(before), statistics.median(ratios(now, before))
