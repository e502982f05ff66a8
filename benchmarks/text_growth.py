"""Time an epoch of training as the text grows: `python -m benchmarks text_growth`."""

import json
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.accounting import run_alone
from benchmarks.measured import Goal, Measured, ratios
from benchmarks.preparing import BLOCKS, MEGABYTE, write_raw
from benchmarks.projects import project_environment, write_params
from pipeline import paths
from pipeline.project import code

TITLE = "Training on a growing text"
ABOUT = """An epoch of a small LSTM, with its validation pass, on made-up texts of two sizes in turns, each in a process
of its own. The network is small and its batches are large, so that what grows faster than the text would be seen. Time
is processor time. *Peak* is the memory of the process at its largest, torch and the prepared text included."""

SIZES, QUICK_SIZES = (1, 10), (0.07, 0.14)  # megabytes
ROUNDS, QUICK_ROUNDS = 3, 1
GOAL = 1.05
COLUMNS = ("MB", "symbols", "seconds of an epoch", "nanoseconds a symbol", "peak MB")
MODEL = {"dataset": "text", "cell": "lstm", "hidden_size": 16, "input": "embedding", "embedding_size": 8}
RECIPE = {"sampling": "consecutive", "sequence_length": 64, "batch_size": 64, "learning_rate": 0.01, "epochs": 1}
NAME = "text-lstm"

# What runs in the folder of a project: an epoch.
EPOCH = f"""
import json, time
import torch
from pipeline import paths
from pipeline.data import prepared
from pipeline.params import load_params
from pipeline.training.loop import Trainer
torch.set_num_threads(1)
data = prepared.read(paths.prepared("text"))
trainer = Trainer(load_params().models["{NAME}"], data, 1, prepared.TRAIN, "{NAME}")
started = time.process_time()
trainer.run_epoch(1)
print(json.dumps([sum(data.card.rows.values()), time.process_time() - started]))
"""


def measure(quick: bool = False) -> Measured:
    """Train an epoch on texts of both sizes, in turns."""
    sizes = QUICK_SIZES if quick else SIZES
    times: dict[float, list[float]] = {size: [] for size in sizes}
    facts: dict[float, tuple[int, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folders = {size: prepare(Path(name) / str(size), size) for size in sizes}
        for _ in range(QUICK_ROUNDS if quick else ROUNDS):
            for size, folder in folders.items():
                used = run_alone((sys.executable, "-c", EPOCH), folder, project_environment(code.ROOT))
                symbols, seconds = json.loads(used.output)
                times[size].append(seconds / symbols)
                facts[size] = symbols, used.peak / MEGABYTE
    typical = {size: statistics.median(found) for size, found in times.items()}
    rows = tuple(
        (size, symbols, symbols * typical[size], 1e9 * typical[size], peak) for size, (symbols, peak) in facts.items()
    )
    small, large = sizes
    growth = statistics.median(ratios(times[large], times[small]))
    wanted = f"at most {GOAL} times the time for a symbol of {small} MB in a text of {large} MB"
    return Measured(COLUMNS, rows, (Goal(wanted, growth, growth <= GOAL, "times"),))


def prepare(folder: Path, size: float) -> Path:
    """Prepare a made-up text of so many megabytes in a new folder; return the folder."""
    folder.mkdir()
    write_raw(folder / "raw", "text", size)
    write_params(folder / paths.PARAMS, {"text": {**BLOCKS["text"], "raw": "raw"}}, {NAME: {**MODEL, **RECIPE}})
    run_alone((sys.executable, "-m", "stages.prepare", "text"), folder, project_environment(code.ROOT))
    return folder
