from pathlib import Path

import pytest

from pipeline.errors import DataError
from pipeline.report import published
from tests.support.results_tree import REPOSITORY


def test_the_published_figures_can_be_read() -> None:
    known = published.read(REPOSITORY / published.PATH)
    claim, probe = known.models["binary-lstm"]
    assert (claim.metric, claim.split) == ("mse", "all_rows")
    assert claim.value == pytest.approx(0.000835, abs=1e-6)
    assert (probe.value, probe.probe) == (252.4994, "1 1 1 1 1 1 1 1")
    assert all(issue.issue and issue.here for issues in known.datasets.values() for issue in issues)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("models: {a: [{metric: loss}]}\ndatasets: {}", r"models\.a\.0\.value: Field required"),
        ("models: {}\ndatasets: {}\nmore: 1", "more: Extra inputs"),
        ("models: [", "not YAML"),
    ],
)
def test_invalid_figures_are_refused(tmp_path: Path, text: str, wanted: str) -> None:
    (tmp_path / "published.yaml").write_text(text)
    with pytest.raises(DataError, match=wanted):
        published.read(tmp_path / "published.yaml")


def test_missing_figures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="git checkout"):
        published.read(tmp_path / "published.yaml")
