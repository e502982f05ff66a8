"""dvc.yaml says what the code does: files read, params used, nothing listed twice."""

import pytest
from ruamel.yaml import YAML

from tests.import_graph import ROOT, files_read

STAGES = YAML(typ="safe", pure=True).load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def body(stage: str) -> dict:
    return STAGES[stage].get("do", STAGES[stage])


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_names_the_code_that_it_imports_and_no_other(stage):
    named = {path for path in body(stage)["deps"] if path.endswith(".py")}
    assert sorted(named) == files_read(f"stages/{stage}.py")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_the_script_of_its_name(stage):
    assert body(stage)["cmd"].split()[:3] == ["python", "-m", f"stages.{stage}"]


def test_each_script_is_a_stage_or_a_tool():
    scripts = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"}
    assert scripts - set(STAGES) == {"generate", "mend", "predict", "ui", "verify"}


def test_no_data_set_or_model_is_named():
    params = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert not [name for name in params["models"] if name in text]
    assert STAGES["prepare"]["foreach"] == STAGES["evaluate"]["foreach"] == "${datasets}"
    assert STAGES["train"]["foreach"] == "${models}"


def test_the_lock_has_every_stage_and_no_other():
    params = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    lock = YAML(typ="safe", pure=True).load((ROOT / "dvc.lock").read_text(encoding="utf-8"))
    loops = {"${sources}": "sources", "${datasets}": "datasets", "${models}": "models"}
    wanted = set()
    for stage, definition in STAGES.items():
        loop = definition.get("foreach")
        wanted |= {f"{stage}@{key}" for key in params[loops[loop]]} if loop else {stage}
    assert set(lock["stages"]) == wanted
