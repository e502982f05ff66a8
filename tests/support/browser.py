"""What tests of MLflow's pages read from them."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run
from playwright.sync_api import Page, expect

LINK = re.compile(r"(\S+) +(http://\S+)")
RUN = "attributes.`Run Name`"
CELLS = """() => [...document.querySelectorAll('.ag-row')].map(row => [
  row.getAttribute('row-index'),
  [...row.querySelectorAll('[col-id]')].map(cell => [cell.getAttribute('col-id'), cell.innerText.trim()])])"""


@dataclass(frozen=True)
class Site:
    """A server of MLflow's pages: a link for each data set, and a client of its store."""

    links: Mapping[str, str]
    client: MlflowClient

    @property
    def address(self) -> str:
        return next(iter(self.links.values())).partition("#")[0]

    def runs(self, dataset: str, query: str) -> list[Run]:
        return list(self.client.search_runs([self.number(dataset)], query))

    def number(self, dataset: str) -> str:
        """Return the id of a data set's experiment."""
        return self.client.get_experiment_by_name(dataset).experiment_id

    def comparison(self, dataset: str) -> Run:
        """Return the comparison of the models, not that of an experiment."""
        found = self.runs(dataset, "tags.kind = 'comparison'")
        (run,) = (run for run in found if "dvc_exp_name" not in run.data.tags)
        return run


def read_links(process: subprocess.Popen) -> dict[str, str]:
    """Return the links that `stages.ui` prints, by data set."""
    links: dict[str, str] = {}
    while match := LINK.fullmatch(process.stdout.readline().strip()):
        links[match[1]] = match[2]
    return links


def wait_for_runs(page: Page, column: str) -> None:
    """Wait until the table of runs shows a column with a number."""
    expect(page.locator(f'.ag-row [col-id="{column}"]', has_text=re.compile(r"\d")).first).to_be_visible()


def read_runs(page: Page) -> list[dict[str, str]]:
    """Return the rows of the table of runs: each column's text by its name."""
    rows: dict[int, dict[str, Any]] = {}
    for index, cells in page.evaluate(CELLS):  # in several parts of the page
        rows.setdefault(int(index), {}).update(cells)
    return [row | {RUN: row[RUN].splitlines()[-1]} for _, row in sorted(rows.items()) if RUN in row]


def tick(page: Page, row: int) -> None:
    """Choose a run of the table for a comparison."""
    page.locator(f'.ag-row[row-index="{row}"] input[type=checkbox]').first.check()
