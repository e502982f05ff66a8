"""The package, installed in editable mode from a copy of its own, and project folders that use it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.project import REPOSITORY
from tests.support.repository import Repository

COPIED = ("pipeline", "stages", "pyproject.toml", "README.md", "LICENSE")


class Installed:
    """A virtual environment with the packages of this one, and this project's from a copy that tests may change."""

    def __init__(self, folder: Path) -> None:
        self.package, self.environment = folder / "package", folder / "venv"
        self.package.mkdir()
        for name in COPIED:
            source = REPOSITORY / name
            copy: Callable[..., Any] = shutil.copyfile if source.is_file() else shutil.copytree
            copy(source, self.package / name)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.environment], check=True)
        (site,) = self.environment.glob("lib/*/site-packages")
        (known,) = {path for path in sys.path if (Path(path) / "torch").is_dir()}
        (site / "base.pth").write_text(f"{known}\n")
        pip = [sys.executable, "-m", "pip", "--python", self.environment / "bin/python", "install", "--quiet"]
        options = ["--no-deps", "--no-build-isolation", "--ignore-installed", "--editable", self.package]
        subprocess.run([*pip, *options], check=True)

    def folder(self, folder: Path) -> "ProjectFolder":
        """Return a folder in which commands run with the installed package."""
        return ProjectFolder(folder, self.environment / "bin")

    @contextmanager
    def one_more_byte(self, file: str) -> Iterator[None]:
        """Change a file of the package, and take it back."""
        path = self.package / file
        content = path.read_bytes()
        path.write_bytes(content + b"#\n")
        try:
            yield
        finally:
            path.write_bytes(content)


class ProjectFolder(Repository):
    """A folder in which commands run with an installed package."""

    def __init__(self, folder: Path, programs: Path) -> None:
        super().__init__(folder)
        self.programs = programs
        self.search_path = f"{programs}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def options(self, **environment: str) -> dict[str, Any]:
        """Return how a command is run here."""
        options = super().options(**({"PATH": self.search_path} | environment))
        options["env"].pop("PYTHONPATH", None)
        return options
