"""A trial: a small project with something odd in it, and a command that must accept or refuse that, cleanly."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.fuzz.mutations import WORDS, mutate_bytes, mutate_folder, mutate_params
from tests.support import project

SECONDS = 60.0  # after which a command counts as hung; the largest of these take a second or two
LONGEST_LINE = 1500  # characters: a few values of 200, paths, and the names of what is known
OUTPUTS = ("data/prepared", "models")

ZIPPED = project.DATASETS["names"] | {"raw": "names.zip"}
MODELS = project.MODELS | {"zipped-rnn": {"dataset": "zipped", "cell": "rnn"}}
INPUTS = {
    "names-lstm": "name,language\nYamamoto,\nAe xx,\n",
    "binary-lstm": "bits\n0101\n1111\n",
    "sums-lstm": "x\n1 2\n3 4\n",
    "sales-lstm": project.RAW["sales.csv"],
    "vowels-lstm": "text\nin the \nbegin \n",
}
ARGUMENTS = {"names-lstm": "Yamamoto", "binary-lstm": "0101", "sums-lstm": "1 2", "sales-lstm": "1 2 3 4 5"}
ARGUMENTS |= {"vowels-lstm": "the beginning", "words-lstm": "abc", "text-lstm": "in the", "lyrics-lstm": "in the"}


@dataclass(frozen=True)
class Outcome:
    """How a trial ended: accepted, refused, traceback, hang, or changed (refused, with other outputs than before)."""

    verdict: str
    kind: str
    arguments: tuple[str, ...]
    output: str

    @property
    def is_fault(self) -> bool:
        """Return whether the command should have ended otherwise."""
        return self.verdict not in ("accepted", "refused")


class Fuzzer:
    """Runs trials, each in a fresh copy of one small trained project."""

    def __init__(self, folder: Path) -> None:
        self._original, self._copy = folder / "project", folder / "trial"
        self._original.mkdir()
        _build(self._original)
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=project.REPOSITORY,
            env={
                **os.environ,
                "PIPELINE_DEVICE": "cpu",
                "PIPELINE_WORKERS": "1",
                "PYTHONPATH": str(project.REPOSITORY),
            },
        )

    def close(self) -> None:
        """End the process in which commands run."""
        self._server.communicate()

    def run(self, kind: str, random: Random) -> Outcome:
        """Make one trial of a kind in KINDS."""
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._original, self._copy)
        arguments = KINDS[kind](self._copy, random)
        before = _outputs(self._copy)
        code, output = self._ask(arguments)
        changed = code == 1 and _outputs(self._copy) != before
        verdict = "changed" if changed else _judge(code, output)
        return Outcome("injected" if [*self._copy.rglob("PWNED")] else verdict, kind, tuple(arguments), output)

    def _ask(self, arguments: list[str]) -> tuple[int | None, str]:
        stdin, stdout = self._server.stdin, self._server.stdout
        assert stdin
        assert stdout
        request = {"folder": str(self._copy), "arguments": arguments, "seconds": SECONDS}
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        answer = json.loads(stdout.readline())
        return answer["code"], answer["output"]


def _build(folder: Path) -> None:
    datasets = project.DATASETS | {"zipped": ZIPPED}
    project.DATASETS.update(datasets)
    project.write(folder, project.params_text(models=MODELS))
    with zipfile.ZipFile(folder / "names.zip", "w") as archive:
        for label in ("A", "B"):
            archive.writestr(f"{label}.txt", "\n".join(f"{label}{'ae'[row % 2]}{row}" for row in range(40)))
    project.prepare(folder)
    project.train(folder)
    project.fit_baselines(folder)


def _judge(code: int | None, output: str) -> str:
    if code is None:
        return "hang"
    if code == 0:
        return "accepted"
    lines = output.strip().splitlines() or [""]
    clean = code in (1, 2) and "Traceback" not in output and max(map(len, lines)) <= LONGEST_LINE
    return "refused" if clean and re.search("^Error: ", output, re.MULTILINE) else "traceback"


def _outputs(folder: Path) -> dict[str, str]:
    """Return the digest of every file of the outputs, and the target of every link."""
    found = {}
    for home in OUTPUTS:
        for path in sorted((folder / home).rglob("*")):
            if path.is_symlink():
                found[str(path)] = str(path.readlink())
            elif path.is_file():
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _odd_params(folder: Path, random: Random) -> list[str]:
    path = folder / "params.yaml"
    path.write_text(mutate_params(path.read_text(encoding="utf-8"), random), encoding="utf-8")
    return ["check"] if random.random() < 0.6 else ["prepare", random.choice(sorted(project.DATASETS))]


def _odd_raw(folder: Path, random: Random) -> list[str]:
    name = random.choice(sorted(project.DATASETS))
    path = folder / project.DATASETS[name]["raw"]
    path.write_bytes(mutate_bytes(path.read_bytes(), random))
    return ["prepare", name]


def _odd_folder(folder: Path, random: Random) -> list[str]:
    model = random.choice(sorted(MODELS))
    dataset = MODELS[model]["dataset"]
    if random.random() < 0.1:
        mutate_folder(folder / "baselines" / dataset, random)
        return ["evaluate", dataset]
    mutate_folder(random.choice([folder / "models" / dataset / model, folder / "data/prepared" / dataset]), random)
    if random.random() < 0.1:
        return ["evaluate", dataset]
    if model not in ARGUMENTS or random.random() < 0.3:
        return ["load", model]
    return _question(model)


def _question(model: str) -> list[str]:
    if model in ("words-lstm", "text-lstm", "lyrics-lstm"):
        return ["generate", model, "--prefix", ARGUMENTS[model], "--length", "5"]
    return ["predict", model, ARGUMENTS[model]]


def _odd_request(folder: Path, random: Random) -> list[str]:
    if random.random() < 0.4:
        *question, argument = _question(random.choice(sorted(ARGUMENTS)))[:4]
        odd = random.choice(WORDS).replace("\0", "\1")  # no argument of a process has NUL
        return [*question, "--", odd + argument] if question[0] == "predict" else [*question, odd + argument]
    model = random.choice(sorted(INPUTS))
    (folder / "input.csv").write_bytes(mutate_bytes(INPUTS[model].encode(), random))
    return ["predict", model, "--input", "input.csv"]


KINDS: dict[str, Callable[[Path, Random], list[str]]] = {
    "params": _odd_params,
    "raw": _odd_raw,
    "folder": _odd_folder,
    "request": _odd_request,
}
