"""A dvc.lock that DVC could not have written."""

from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.reproduce.mend import mend


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"stages: [", b"- 1\n"], ids=["no text", "no YAML", "a list"])
def test_a_lock_that_cannot_be_read_is_one_line(here: Path, content: bytes) -> None:
    (here / ".dvc").mkdir()  # an empty repository, of which DVC gives the cache
    (here / ".dvc" / "config").write_text("[core]\n    no_scm = true\n")
    (here / "dvc.lock").write_bytes(content)
    with pytest.raises(PipelineError, match=r"^dvc\.lock: not as DVC writes it; .*, and run again$"):
        mend()
