"""Write docs/performance.md from benchmarks/results and the words of each benchmark's module."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from benchmarks.measured import RESULTS, Measured, Record, format_goal, format_number, read_record, result_path
from pipeline.files import replacing_file
from pipeline.project import code

FOLDER = Path(__file__).parent
PAGE = code.ROOT / "docs/performance.md"
# The order of the page; a benchmark that is not named here comes after these.
ORDER = (
    "whole_run",
    "whole_before",
    "published_loops",
    "epoch",
    "same_kernels",
    "limit",
    "tiny",
    "batch_one",
    "portable",
    "gpu",
)


class Benchmark(Protocol):
    """What a module of a benchmark has; NOTES, paragraphs or a list below its table, may be left out."""

    TITLE: str
    ABOUT: str

    def measure(self, quick: bool = False) -> Measured:
        """Measure, or take only a few steps."""


@dataclass(frozen=True)
class Section:
    """What the page says of a benchmark."""

    name: str
    title: str
    about: str
    notes: str
    record: Record | None  # none if it was not run


def benchmark_names() -> list[str]:
    """Return the names of all benchmarks, in the order of the page: the modules that have a TITLE."""
    found = [path.stem for path in sorted(FOLDER.glob("*.py")) if "\nTITLE = " in path.read_text(encoding="utf-8")]
    return sorted(found, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


def load(name: str) -> Benchmark:
    """Return the module of a benchmark."""
    return cast(Benchmark, importlib.import_module(f"benchmarks.{name}"))


def write() -> None:
    """Write the page."""
    with replacing_file(PAGE) as path:
        path.write_text(render(RESULTS), encoding="utf-8")


def render(results: Path) -> str:
    """Return the page, with the figures of a folder of results and no others."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # late: the benchmarks do not need it

    environment = Environment(  # noqa: S701 - Markdown
        loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {"number": format_number, "goal": format_goal}
    sections = [_section(name, results) for name in benchmark_names()]
    return environment.get_template("page.md.jinja").render(sections=sections)


def _section(name: str, results: Path) -> Section:
    module, path = load(name), result_path(name, results)
    about, notes = module.ABOUT.strip(), str(getattr(module, "NOTES", "")).strip()
    return Section(name, module.TITLE, about, notes, read_record(path) if path.exists() else None)
