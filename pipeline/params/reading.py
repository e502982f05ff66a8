"""Read YAML as plain values: whatever a file contains, it is refused in seconds and in one line."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from pipeline.errors import ParamsError
from pipeline.params.wording import format_text, format_value

MAX_BYTES = 200_000  # of the file, and again of what its aliases stand for: hundreds of models, read in seconds
MAX_DEPTH = 20  # levels of blocks and lists
TOO_DEEP = f"blocks and lists are more than {MAX_DEPTH} levels deep"
MAX_DIGITS = 100  # of a number; Python shows no more than 4,300

PREFIX = "tag:yaml.org,2002:"
NUMBERS = {f"{PREFIX}int", f"{PREFIX}float"}
TAGS = {f"{PREFIX}{name}" for name in ("map", "seq", "str", "bool", "null", "timestamp", "merge")} | NUMBERS


def read_yaml(path: Path) -> Any:
    """Read a file as YAML 1.2, the dialect in which DVC writes numbers such as 1e-05.

    Raises:
        ParamsError: if the file is missing, too large or not UTF-8, or has what no params need; the message names the
            line where it can.
    """
    text = _read_text(path)
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor, yaml.max_depth = _Constructor, MAX_DEPTH
    try:
        return yaml.load(text)
    except MarkedYAMLError as error:
        problem = TOO_DEEP if isinstance(error, MaxDepthExceededError) else str(error.problem)
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ParamsError(f"{path}: {line}{format_text(problem)}; fix the YAML there") from None
    except (YAMLError, ValueError, TypeError, OverflowError) as error:  # the reader's own checks have gaps
        reason = format_text(str(error).partition("\n")[0])
        raise ParamsError(f"{path}: not YAML: {reason}; correct that value") from None


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file in {Path.cwd()}; run from the project's folder") from None
    if len(content) > MAX_BYTES:
        raise ParamsError(
            f"{path}: more than {MAX_BYTES:,} bytes; wanted settings only, with data in files of their own"
        )
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None


class _Constructor(SafeConstructor):
    """Makes values of a document's nodes, once it is known how much that is; an error has the line of its value."""

    def construct_document(self, node: Node) -> Any:
        """Return the value of a whole document."""
        _measure(node, {})
        return super().construct_document(node)

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        """Return the value of a node."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, OverflowError) as error:  # of `2024-99-99` or `!!int abc`
            raise _error(node, f"found {format_value(node.value)} ({error})") from None


def _measure(node: Node, known: dict[Node, tuple[int, int]], depth: int = 0) -> tuple[int, int]:
    """Return the characters and the levels of a node with its aliases written out; refuse what no params need."""
    if depth >= MAX_DEPTH:  # only an alias of what it is in leads there
        raise _error(node, TOO_DEEP)
    if node not in known:
        _check_scalar(node)
        inner = [_measure(child, known, depth + 1) for child in _children(node)]
        size = sum((size for size, _ in inner), 1 if inner else 1 + len(node.value))
        height = 1 + max((height for _, height in inner), default=0)
        if size > MAX_BYTES or depth + height > MAX_DEPTH:
            raise _error(node, f"its aliases stand for more than {MAX_BYTES:,} characters or {MAX_DEPTH} levels")
        known[node] = size, height
    return known[node]


def _check_scalar(node: Node) -> None:
    if node.tag not in TAGS:
        raise _error(node, f"found tag {str(node.tag).replace(PREFIX, '!!')}, which params do not have")
    if node.tag in NUMBERS and len(node.value) > MAX_DIGITS:
        raise _error(node, f"found a number of {len(node.value):,} characters; wanted at most {MAX_DIGITS}")


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, SequenceNode) else []


def _error(node: Node, problem: str) -> MarkedYAMLError:
    return MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
