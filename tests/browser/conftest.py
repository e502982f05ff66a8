"""MLflow's pages over a small project, in Debian's Chromium; a screenshot of each page is kept in build/screenshots."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from mlflow import MlflowClient
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipeline import tracking
from pipeline.params import load_params
from pipeline.tracking import pages, store
from tests.support.browser import Site, read_links
from tests.support.processes import free_port, running
from tests.support.project import MODELS, REPOSITORY, evaluate, params_text, prepare, train, write
from tests.tracking.conftest import work_in

CHROMIUM = Path("/usr/bin/chromium")
CURE = "Chromium is not installed; install it (Debian: apt-get install chromium)"
SCREENSHOTS = REPOSITORY / "build" / "screenshots"
SIZE = {"width": 1800, "height": 1100}
SECONDS = 60  # to wait for what a page shows, on a busy machine
SETTLE = 1500  # milliseconds that a page is given to draw its charts before a screenshot
DATASETS = ("words", "names", "overfit")
CHANGED, EXPERIMENT = 0.05, "faster"  # the learning rate of names-rnn in an experiment, and its name


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(CURE)
    options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]  # as root, and in a container
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(evaluated_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Publish a project and an experiment with another learning rate, and serve them as `make ui` does."""
    folder = shutil.copytree(evaluated_project, tmp_path_factory.mktemp("browser") / "project")
    (folder / "params.yaml").write_text(params_text(DATASETS))
    with work_in(folder):
        tracking.publish(load_params())
        _publish_experiment(tmp_path_factory.mktemp("experiment"), folder)
        client = MlflowClient(tracking_uri=store.uri())
    assert entry_points(group="mlflow.app", name=pages.APP), "the package is not installed as it is; run `make setup`"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DVC_"))}
    path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    environment |= {"PYTHONPATH": path, "PORT": str(free_port())}
    with running([sys.executable, "-m", "stages.ui"], cwd=folder, env=environment, text=True) as process:
        yield Site(read_links(process), client)


def _publish_experiment(folder: Path, real: Path) -> None:
    """Train one model with another learning rate, as `dvc exp run --temp` does in a folder of its own."""
    changed = MODELS["names-rnn"] | {"learning_rate": CHANGED}
    write(folder, params_text(["names"], {"names-rnn": changed}))
    for stage in (prepare, train, evaluate):
        stage(folder)
    with work_in(folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_ROOT", str(real))
        patch.setenv("DVC_EXP_NAME", EXPERIMENT)
        tracking.publish(load_params())


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Open a browser that has seen nothing yet."""
    context = chromium.new_context(viewport=SIZE)
    context.set_default_timeout(1000 * SECONDS)
    expect.set_options(timeout=1000 * SECONDS)
    yield context.new_page()
    context.close()


@pytest.fixture
def keep(page: Page) -> Callable[[str], None]:
    """Return a function that keeps a screenshot under a name."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def keep(name: str) -> None:
        page.wait_for_timeout(SETTLE)
        page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return keep
