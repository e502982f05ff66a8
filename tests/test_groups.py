"""Tests that share a repository or a store, or build on each other, keep to one worker."""

import pytest

pytestmark = pytest.mark.xdist_group("kept")


def test_a_group_is_not_forgotten(request):
    if not hasattr(request.config, "workerinput"):
        pytest.skip("no workers: see `make test`")
    assert request.node.nodeid.endswith("@kept"), "this pytest-xdist does not group tests under this pytest"
