import pytest

from pipeline import settings
from pipeline.references import is_baseline, is_reference
from tests import results_tree


@pytest.mark.parametrize("name", ["baseline", "baseline-frequent", "limit"])
def test_no_model_takes_the_name_of_a_reference(here, fault, name):
    (here / "params.yaml").write_text(results_tree.PARAMS.replace("words-lstm:", f"{name}:"), encoding="utf-8")
    assert f"models.{name}: the results use this name for something else" in fault(settings.load)


def test_a_model_may_have_a_name_that_only_begins_alike():
    assert not is_reference("baselines-lstm")
    assert not is_baseline("limit")
    assert is_reference("limit")
