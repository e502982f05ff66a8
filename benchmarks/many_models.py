"""Time runs that do little or nothing, of projects with more and more models: `python -m benchmarks many_models`."""

import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from benchmarks import projects
from benchmarks.accounting import run_alone
from benchmarks.measured import Goal, Measured
from pipeline import paths
from pipeline.execution.parallel import DVC
from pipeline.files import read_json

TITLE = "Runs that do little, with many models"
ABOUT = """Projects of small models on eight data sets, with the stages of this repository and the same dependencies on
code, are brought up to date; then nothing is changed, or the learning rate of one model. The change trains that model,
evaluates its data set, and writes the report and MLflow's runs anew. Seconds are by the clock, medians of several runs;
*training* is what the training itself took of them."""
NOTES = """\
A change of one model starts a process for each of five stages: `train` and `evaluate` import torch, `publish` imports
MLflow, and torch too, as it registers the model where that is the best of its data set now. What grows with the number
of models is DVC, which reads and writes `dvc.lock` after each stage.
"""

MODELS, QUICK_MODELS = (28, 80), (2,)
NOTHING, CHANGE = "nothing", "one model"
NOTHING_GOALS = {28: 3.0, 80: 6.0}  # seconds, by number of models
CHANGE_GOAL = 8.0  # seconds without the training
ROUNDS, QUICK_ROUNDS = 3, 1
COMMANDS: Mapping[str, Sequence[str]] = {
    "`dvc repro`": (*DVC, "repro"),
    "`stages.repro`": (sys.executable, "-m", "stages.repro"),
}
COLUMNS = ("models", "stages", "command", "changed", "seconds", "processor seconds", "training")


@dataclass(frozen=True)
class Time:
    """What a run took: seconds, processor seconds, and processor seconds of training."""

    seconds: float
    processor: float
    training: float


def measure(quick: bool = False) -> Measured:
    """Time both commands, without and with a change, in projects of each size."""
    rows: list[tuple[str | float, ...]] = []
    goals: list[Goal] = []
    for models in QUICK_MODELS if quick else MODELS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            stages = build(folder, models)
            for label, command in COMMANDS.items():
                for changed in (NOTHING, CHANGE):
                    times = [run(folder, command, changed) for _ in range(QUICK_ROUNDS if quick else ROUNDS)]
                    rows.append((models, stages, label, changed, *map(statistics.median, columns(times))))
                    goals.append(_goal(models, label, changed, times))
    return Measured(COLUMNS, tuple(rows), tuple(goals))


def _goal(models: int, label: str, changed: str, times: Sequence[Time]) -> Goal:
    limit = CHANGE_GOAL if changed == CHANGE else NOTHING_GOALS.get(models, min(NOTHING_GOALS.values()))
    found = statistics.median(time.seconds - time.training for time in times)
    wanted = f"{models} models, {label}, changed {changed}: at most {limit:.0f} s"
    return Goal(f"{wanted} beside the training" if changed == CHANGE else wanted, found, found <= limit, "s")


def columns(times: Sequence[Time]) -> tuple[list[float], ...]:
    """Return the seconds, the processor seconds and those of training of several runs."""
    return [time.seconds for time in times], [time.processor for time in times], [time.training for time in times]


def build(folder: Path, models: int) -> int:
    """Build a project that is up to date; return how many stages it has."""
    projects.write(folder, models)
    projects.run(folder)
    (folder / ".dvc/config.local").write_text(f"[cache]\n    dir = {folder / 'cache'}\n", encoding="utf-8")
    for stage in ("report", "publish"):
        run_alone((sys.executable, "-m", f"stages.{stage}"), folder, projects.project_environment(folder))
    run_alone((*DVC, "commit", "--force"), folder, projects.project_environment(folder))
    lock = YAML(typ="safe").load(folder / "dvc.lock")
    return len(lock["stages"])


def run(folder: Path, command: Sequence[str], changed: str) -> Time:
    """Change a project, or not, and run it."""
    if changed == CHANGE:
        _change_one(folder / paths.PARAMS)
    before = _records(folder)
    used = run_alone(command, folder, projects.project_environment(folder))
    new = [read_json(path) for path in _records(folder) - before]
    return Time(used.wall, used.seconds, sum(seed["seconds"] for record in new for seed in record.values()))


def _change_one(path: Path) -> None:
    """Raise the learning rate of the first model."""
    yaml = YAML()
    params = yaml.load(path)
    first = next(iter(params["models"].values()))
    first["learning_rate"] = round(first["learning_rate"] + 0.0001, 6)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(params, file)


def _records(folder: Path) -> set[Path]:
    return set((folder / ".timings").rglob("*.json"))
