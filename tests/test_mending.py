"""A dvc.lock that is not as DVC writes it."""

from pathlib import Path

import pytest

from pipeline import mending
from pipeline.errors import UserError


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"stages: [", b"- 1\n"], ids=["no text", "no YAML", "a list"])
def test_a_lock_that_cannot_be_read_is_one_line(here: Path, content: bytes) -> None:
    (here / "dvc.lock").write_bytes(content)
    with pytest.raises(UserError, match=r"^dvc\.lock: not as DVC writes it; .*, and run again$"):
        list(mending._outputs(here))
