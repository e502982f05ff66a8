"""The errors that pydantic finds in a block as lines for a user, each with its dotted path."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pipeline.params.schema import PATH, SHA256, URL, ModelParams

# What keys and values were called in earlier versions: of models, and of sources and data sets.
MODEL_KEYS = {
    "rate": "learning_rate",
    "direction": "bidirectional: true or false",
    "hidden": "hidden_size",
    "embedding": "embedding_size",
    "clip": "gradient_clip",
    "batch": "batch_size",
}
OTHER_KEYS = {"megabytes": "max_megabytes"}
PATTERNS = {
    PATH: "a path inside the project's folder",
    SHA256: "64 hexadecimal digits",
    URL: "an http, https or file address",
}
SAMPLING_VALUES = {"draws": "balanced", "listed": "sequential"}


def error_lines(error: ValidationError, block: Any, where: str, inherited: frozenset[str]) -> Iterator[str]:
    """Yield a line for each error: dotted path, what was found, what is wanted."""
    found: dict[tuple[str, ...], list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        found.setdefault(tuple(_keys(detail, block)), []).append(detail)
    renamed = MODEL_KEYS if error.title == ModelParams.__name__ else OTHER_KEYS
    old = renamed.keys() & block.keys() if isinstance(block, dict) else set()
    new = {renamed[key].partition(":")[0] for key in old}
    for keys, details in found.items():
        if any(other[: len(keys)] == keys and other != keys for other in found if keys):
            continue  # a list that none of several types accepts; the line of its wrong entry says more
        if keys and keys[-1] in new and details[0]["type"] == "missing":
            continue  # the line of its former name says so
        home = "defaults" if keys and keys[0] in inherited else where
        yield f"{'.'.join(filter(None, [home, *keys]))}: {_describe(keys, details, renamed)}"


def _keys(detail: ErrorDetails, block: Any) -> Iterator[str]:
    """Yield the keys that lead to an error; pydantic puts the types that it tried among them."""
    for key in detail["loc"]:
        known = key in block if isinstance(block, dict) else isinstance(block, list) and isinstance(key, int)
        if known:
            block = block[key]
        elif detail["type"] != "missing" or key != detail["loc"][-1]:
            continue
        yield str(key)
    if detail["type"] in ("union_tag_invalid", "union_tag_not_found"):
        yield detail["ctx"]["discriminator"].strip("'")


def _describe(keys: Sequence[str], details: Sequence[ErrorDetails], renamed: Mapping[str, str]) -> str:
    """Describe what is wrong with one value; several errors are the types that it could have had."""
    first = details[0]
    if first["type"] == "extra_forbidden":
        if len(keys) == 1 and (new := renamed.get(keys[0])):
            return f"is now called {new}; rename it"
        return "unknown key; remove it or correct its spelling"
    if first["type"] in ("missing", "union_tag_not_found"):
        return "missing; add it"
    if first["type"] == "value_error":
        return "; ".join(detail["msg"].removeprefix("Value error, ") for detail in details)
    value = first["ctx"]["tag"] if first["type"] == "union_tag_invalid" else first["input"]
    if keys[-1:] == ("sampling",) and isinstance(value, str) and value in SAMPLING_VALUES:
        return f"{value} is now called {SAMPLING_VALUES[value]}; rename it"
    wanted = " or ".join(dict.fromkeys(_wanted(detail) for detail in details))
    return f"found {format_value(value)}; wanted {wanted}"


def _wanted(detail: ErrorDetails) -> str:
    """Describe the values that pydantic accepts, in a user's words."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "int_type":
            return "a whole number"
        case "float_type":
            return "a number"
        case "string_type":
            return "a text"
        case "bool_type":
            return "true or false"
        case "tuple_type":
            return "a list"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "a block of params"
        case "too_short":
            return f"a list of at least {context['min_length']}"
        case "too_long":
            return f"a list of at most {context['max_length']}"
        case "string_too_short":
            return f"at least {context['min_length']} characters"
        case "string_pattern_mismatch":
            return PATTERNS[context["pattern"]]
        case "union_tag_invalid":
            return f"one of {context['expected_tags']}"
        case _:
            return detail["msg"].removeprefix("Input should be ")


def format_value(value: object) -> str:
    """Return a value as an error message shows it."""
    return "nothing" if value is None else repr(value)
