"""A PostgreSQL server of a test run's own, as Debian's package installs it."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CURE = "PostgreSQL is not installed; install it (Debian: apt-get install postgresql)"
SETTINGS = {"listen_addresses": "", "fsync": "off", "max_connections": "200", "logging_collector": "off"}


def find_programs() -> Path:
    """Return the folder of initdb and pg_ctl, which Debian keeps off the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(CURE)
    return folders[-1]


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a server that listens on a Unix socket alone; yield the address of its first database.

    It refuses to run as root; then it runs as the user postgres, whom Debian's package creates.
    """
    programs = find_programs()
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        user = "postgres" if os.geteuid() == 0 else getpass.getuser()
        if os.geteuid() == 0:
            shutil.chown(name, user)
        options = {"user": user, "cwd": name} if os.geteuid() == 0 else {"cwd": name}
        _run(options, programs / "initdb", "-D", f"{name}/data", "-U", "test", "--auth", "trust", "--no-sync")
        settings = " ".join(f"-c {key}='{value}'" for key, value in SETTINGS.items())
        start = ["-o", f"{settings} -k {name}", "-l", f"{name}/log", "-w", "start"]
        _run(options, programs / "pg_ctl", "-D", f"{name}/data", *start)
        try:
            yield f"postgresql://test@/postgres?host={name}"
        finally:
            _run(options, programs / "pg_ctl", "-D", f"{name}/data", "-m", "immediate", "-w", "stop")


def create_database(address: str, name: str) -> str:
    """Create an empty database on a server; return its address."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return address.replace("@/postgres?", f"@/{name}?")


def _run(options: dict[str, Any], *command: object) -> None:
    done = subprocess.run(
        list(map(str, command)), **options, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
