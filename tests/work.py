"""Work for the engine's tests: `python -m tests.work FOLDER` computes two cells that take minutes."""

import fcntl
import gc
import os
import signal
import time
from pathlib import Path

import click

from pipeline import engine
from pipeline.engine import Tell
from pipeline.errors import UserError, reported


def square(cell: float, tell: Tell) -> float:
    """Take the longer, the earlier the cell."""
    time.sleep(max(0.0, 0.2 - cell / 20))
    tell(f"cell {cell:g}")
    return cell * cell


def chatter(cell: int, tell: Tell) -> int:
    """Tell more than a pipe holds."""
    for _ in range(3000):
        tell("x" * 50)
    return cell


def refuse(cell: int, tell: Tell) -> int:
    """End in a user's mistake at once, in the first cell; the others go on."""
    if cell == 0:
        raise UserError("params.yaml: models.x.rate: too hot")
    time.sleep(100)
    return cell


def fail(cell: int, tell: Tell) -> int:
    """Have a bug."""
    return cell // 0


def die(cell: int, tell: Tell) -> int:
    """End as a process does that the system kills for want of memory."""
    if cell == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(100)
    return cell


def hold(folder: Path, tell: Tell) -> None:
    """Lock a file for as long as this process lives."""
    with (folder / str(os.getpid())).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("locked")
        file.flush()
        time.sleep(100)


def garbage(cell: int, tell: Tell) -> tuple[bool, bool]:
    """Tell whether garbage is collected, and whether something is no garbage for ever."""
    return gc.isenabled(), gc.get_freeze_count() > 0


@click.command()
@click.argument("folder", type=Path)
@reported
def main(folder: Path) -> None:
    engine.run(hold, [folder, folder])


if __name__ == "__main__":
    main()
