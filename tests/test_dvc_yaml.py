"""dvc.yaml says what the code does: files read, params used, nothing listed twice."""

import pytest
from ruamel.yaml import YAML

from pipeline.closure import PACKAGES
from tests.small import REPOSITORY as ROOT

STAGES = YAML(typ="safe", pure=True).load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def body(stage: str) -> dict:
    return STAGES[stage].get("do", STAGES[stage])


@pytest.mark.parametrize("stage", sorted(set(STAGES) - {"code"}))
def test_a_stage_runs_again_when_its_own_code_changes(stage):
    named = f"code/{stage}.json"
    assert body(stage)["deps"].count(named) == 1
    assert named in STAGES["code"]["outs"]
    assert stage in STAGES["code"]["cmd"].split()[3:]


def test_the_code_of_all_stages_is_looked_at():
    assert STAGES["code"]["deps"] == list(PACKAGES)
    assert len(STAGES["code"]["outs"]) == len(STAGES["code"]["cmd"].split()[3:]) == len(STAGES) - 1


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_the_script_of_its_name(stage):
    assert body(stage)["cmd"].split()[:3] == ["python", "-m", f"stages.{stage}"]


def test_each_script_is_a_stage_or_a_tool():
    scripts = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"}
    assert scripts - set(STAGES) == {"generate", "mend", "predict", "repro", "ui", "verify"}


def test_no_data_set_or_model_is_named():
    params = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert not [name for name in params["models"] if name in text]
    assert STAGES["prepare"]["foreach"] == STAGES["evaluate"]["foreach"] == "${datasets}"
    assert STAGES["train"]["foreach"] == "${models}"


@pytest.mark.parametrize("name", ["dvc.lock", "dvc.yaml", "params.yaml"])
def test_dvc_and_the_pipeline_read_the_same(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert YAML(typ="safe").Parser is not YAML(typ="safe", pure=True).Parser, "no reader in C: run `make setup`"
    fast, pure = (YAML(typ="safe", pure=pure).load(text) for pure in (False, True))  # DVC reads as the first does
    assert repr(fast) == repr(pure)


def test_the_lock_has_every_stage_and_no_other():
    params = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    lock = YAML(typ="safe", pure=True).load((ROOT / "dvc.lock").read_text(encoding="utf-8"))
    loops = {"${sources}": "sources", "${datasets}": "datasets", "${models}": "models"}
    wanted = set()
    for stage, definition in STAGES.items():
        loop = definition.get("foreach")
        wanted |= {f"{stage}@{key}" for key in params[loops[loop]]} if loop else {stage}
    assert set(lock["stages"]) == wanted
