"""dvc.yaml says what the code does: the code that a stage runs on, its script, and no name of a data set or model."""

import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.project import code
from tests.support.imports import PACKAGES, has_code, is_in, reached
from tests.support.project import REPOSITORY as ROOT

STAGES = YAML(typ="safe", pure=True).load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]

# Code that stages import and that cannot change what they write.
EXEMPT = {
    Path("pipeline/__init__.py"): "fixes the kernels, which tests/test_determinism.py holds; a command refuses others",
    Path("pipeline/execution"): "how work is spread over processes, and what is shown of it",
    Path("pipeline/errors.py"): "the words of errors",
    Path("pipeline/leftovers.py"): "what must not be there: a stage that refuses it writes nothing",
    Path("pipeline/paths.py"): "where files are: a stage whose files are elsewhere finds none",
    Path("pipeline/tracking"): "what MLflow shows; the receipt is the same for the same results",
    Path("pipeline/params/__init__.py"): "only imports `load`",
    Path("pipeline/params/load.py"): "reads params.yaml, whose values reach a stage through its `params`",
    Path("pipeline/params/messages.py"): "the words of errors",
    Path("pipeline/params/places.py"): "refuses paths that lead elsewhere",
    Path("pipeline/params/reading.py"): "reads params.yaml too",
    Path("pipeline/params/wording.py"): "the words of errors",
    Path("stages/command.py"): "how commands end",
}
TOOLS = {"clean", "generate", "init", "predict", "repro", "ui", "verify"}
NO_SCRIPTS = {"__init__", "__main__", "command"}


def body(stage: str) -> dict:
    return STAGES[stage].get("do", STAGES[stage])


def code_deps(stage: str) -> list[Path]:
    """Return the code that a stage depends on: by the digest that `check` writes, or of `check` itself."""
    own = [Path(dep) for dep in body(stage)["deps"] if Path(dep).parts[0] in PACKAGES]
    return [Path(name) for name in code.STAGE_CODE[stage]] if stage in code.STAGE_CODE else own


@pytest.mark.parametrize("stage", code.STAGE_CODE)
def test_deps_are_what_the_script_imports(stage):
    deps = code_deps(stage)
    exempt = {path for path in EXEMPT if not is_in(path, deps)}
    code = {path for path in reached(Path("stages", f"{stage}.py"), exempt) if has_code(path)}
    needed = {path for path in code if not is_in(path, exempt)}
    assert sorted(str(path) for path in needed if not is_in(path, deps)) == []
    assert [str(dep) for dep in deps if not any(path.is_relative_to(dep) for path in needed)] == []


def test_check_depends_on_its_own_code_and_on_all_of_which_it_writes_a_digest():
    deps, exempt = code_deps("check"), {path for path in EXEMPT if path != Path("pipeline/params")}
    own = {path for path in reached(Path("stages/check.py"), exempt) if has_code(path) and not is_in(path, exempt)}
    named = {Path(name) for names in code.STAGE_CODE.values() for name in names}
    needed = own | named
    assert sorted(str(path) for path in needed if not is_in(path, deps)) == []
    assert [str(dep) for dep in deps if not any(path.is_relative_to(dep) for path in needed)] == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_script_loads_only_files_that_it_imports_by_a_statement(stage):
    code = (
        f"import sys, stages.{stage}\n"
        f"print(*{{m.__file__ for n, m in sys.modules.items() if n.split('.')[0] in {PACKAGES}}}, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {Path(file).relative_to(ROOT) for file in done.stdout.splitlines()}
    assert Path(f"stages/{stage}.py") in loaded
    assert loaded <= reached(Path(f"stages/{stage}.py"))


@pytest.mark.parametrize("stage", STAGES)
def test_a_dep_is_named_once_and_is_there(stage):
    deps = body(stage)["deps"]
    assert len(set(deps)) == len(deps)
    assert [dep for dep in code_deps(stage) if not (ROOT / dep).exists()] == []


@pytest.mark.parametrize("stage", sorted(set(STAGES) - {"check"}))
def test_every_stage_waits_for_check(stage):
    assert f"code/{stage}.txt" in body(stage)["deps"]
    assert f"code/{stage}.txt" in STAGES["check"]["outs"]


def test_no_stage_before_the_report_depends_on_the_comments_of_params_yaml():
    assert [stage for stage in STAGES if "params.yaml" in body(stage)["deps"]] == ["check", "report", "publish"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_the_script_of_its_name_and_nothing_else(stage):
    assert body(stage)["cmd"] == f"exec python -m stages.{stage}"  # no key of params.yaml, which a shell would read


def test_each_script_is_a_stage_or_a_tool():
    scripts = {path.stem for path in (ROOT / "stages").glob("*.py")} - NO_SCRIPTS
    assert scripts - set(STAGES) == TOOLS


def test_no_data_set_or_model_is_named():
    params = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert not [name for name in params["models"] if name in text]
    assert {STAGES[name]["foreach"] for name in ("prepare", "baseline", "evaluate")} == {"${datasets}"}
    assert STAGES["train"]["foreach"] == "${models}"
