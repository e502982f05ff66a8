"""Every command that reads params.yaml refuses one that cannot be read, in one line and before it writes anything."""

import importlib

import pytest
from click.testing import CliRunner

ARGUMENTS = dict.fromkeys(("check", "publish", "report", "repro"), ())
ARGUMENTS |= dict.fromkeys(("baseline", "evaluate", "fetch", "prepare", "train"), ("words",))
ARGUMENTS |= {"generate": ("words", "--prefix", "a"), "predict": ("words", "a")}


@pytest.mark.parametrize(("stage", "arguments"), ARGUMENTS.items())
def test_a_command_refuses_params_that_cannot_be_read(here, stage, arguments):
    (here / "params.yaml").write_text("sources: 2024-99-99\n")
    result = CliRunner().invoke(importlib.import_module(f"stages.{stage}").main, arguments)
    assert result.exit_code == 1
    assert result.output == (
        "Error: params.yaml: line 1: found '2024-99-99' (month must be in 1..12); fix the YAML there\n"
    )
    assert [path.name for path in here.iterdir()] == ["params.yaml"]
