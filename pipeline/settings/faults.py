"""The faults that pydantic finds in a block, in a user's words: a line each, with its dotted path."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails


def lines(error: ValidationError, block: Any, where: str, inherited: frozenset[str]) -> Iterator[str]:
    """Yield a line a fault: dotted path, what was found, what is wanted."""
    found: dict[tuple[str, ...], list[ErrorDetails]] = {}
    for fault in error.errors(include_url=False):
        found.setdefault(tuple(_keys(fault, block)), []).append(fault)
    for keys, faults in found.items():
        if any(other[: len(keys)] == keys and other != keys for other in found if keys):
            continue  # a list that none of several types takes; the line of its faulty entry says more
        home = "training" if keys and keys[0] in inherited else where
        yield f"{'.'.join(filter(None, [home, *keys]))}: {_told(faults)}"


def _keys(fault: ErrorDetails, block: Any) -> Iterator[str]:
    """Yield the keys that lead to a fault; pydantic puts the types that it tried among them."""
    for key in fault["loc"]:
        known = key in block if isinstance(block, dict) else isinstance(block, list) and isinstance(key, int)
        if known:
            block = block[key]
        elif fault["type"] != "missing" or key != fault["loc"][-1]:
            continue
        yield str(key)
    if fault["type"] in ("union_tag_invalid", "union_tag_not_found"):
        yield fault["ctx"]["discriminator"].strip("'")


def _told(faults: Sequence[ErrorDetails]) -> str:
    """Say what is wrong with one value; several faults are the types that it could have had."""
    first = faults[0]
    if first["type"] == "extra_forbidden":
        return "unknown key; remove it or correct its spelling"
    if first["type"] in ("missing", "union_tag_not_found"):
        return "missing; add it"
    if first["type"] == "value_error":
        return "; ".join(fault["msg"].removeprefix("Value error, ") for fault in faults)
    wanted = " or ".join(dict.fromkeys(_wanted(fault) for fault in faults))
    value = first["ctx"]["tag"] if first["type"] == "union_tag_invalid" else first["input"]
    return f"found {shown(value)}; wanted {wanted}"


def _wanted(fault: ErrorDetails) -> str:
    """Say in a user's words what pydantic wanted."""
    limits = fault.get("ctx", {})
    match fault["type"]:
        case "int_type":
            return "a whole number"
        case "float_type":
            return "a number"
        case "string_type":
            return "a text"
        case "tuple_type":
            return "a list"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "a block of settings"
        case "too_short":
            return f"a list of at least {limits['min_length']}"
        case "too_long":
            return f"a list of at most {limits['max_length']}"
        case "string_too_short":
            return f"at least {limits['min_length']} characters"
        case "union_tag_invalid":
            return f"one of {limits['expected_tags']}"
        case _:
            return fault["msg"].removeprefix("Input should be ").replace("String should match", "a text that fits the")


def shown(value: object) -> str:
    """Return a value as an error shows it."""
    return "nothing" if value is None else repr(value)
