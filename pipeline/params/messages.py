"""The errors that pydantic finds in params.yaml as lines for a user, each with its dotted path."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pipeline.params.schema import NAME, PATH, SHA256, URL
from pipeline.params.wording import format_text, format_value

# What sections, keys and values were called in earlier versions.
SECTIONS = {"training": "defaults", "seeds": "defaults.seeds"}
MODEL_KEYS = {
    "rate": "learning_rate",
    "direction": "bidirectional: true or false",
    "hidden": "hidden_size",
    "embedding": "embedding_size",
    "clip": "gradient_clip",
    "batch": "batch_size",
}
OTHER_KEYS = {"megabytes": "max_megabytes"}
SAMPLING_VALUES = {"draws": "balanced", "listed": "sequential"}

MAPPINGS = {"schedule", "samples", "classes"}  # the params whose values have keys

# What to write instead, by the type of pydantic's error or by the pattern that a text does not match.
WANTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "a text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "union_tag_invalid": "one of {expected_tags}",
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "a block of keys and values"),
    NAME: "a name of small letters, digits and hyphens",
    PATH: "a path inside the project's folder, without invisible characters",
    SHA256: "64 hexadecimal digits",
    URL: "an http, https or file address",
}


def error_lines(error: ValidationError, raw: Any) -> Iterator[str]:
    """Yield a line for each error: dotted path, what was found, what is wanted."""
    details = error.errors(include_url=False)
    renamed = {(*detail["loc"][:-1], new.partition(":")[0]) for detail in details if (new := _new_name(detail))}
    found: dict[tuple[str, ...], list[ErrorDetails]] = {}
    for detail in details:
        if detail["type"] != "missing" or detail["loc"] not in renamed:  # the line of its former name says so
            found.setdefault(_path(detail, raw), []).append(detail)
    for path, same in found.items():
        # Of a list that none of several types accepts, the line of the wrong entry says more.
        is_list = isinstance(same[0]["input"], list)
        if not (is_list and any(other != path and other[: len(path)] == path for other in found)):
            line = ": ".join(filter(None, [".".join(path), _describe(path, same)]))
            yield from line.split("\n")  # errors between blocks come as one, without a path


def _new_name(detail: ErrorDetails) -> str | None:
    """Return what an unknown key is called now, if it had another name."""
    if detail["type"] != "extra_forbidden":
        return None
    match detail["loc"]:
        case (section,):
            return SECTIONS.get(str(section))
        case ("models", _, key):
            return MODEL_KEYS.get(str(key))
        case ("sources" | "datasets", _, _, key):
            return OTHER_KEYS.get(str(key))
    return None


def _path(detail: ErrorDetails, raw: Any) -> tuple[str, ...]:
    """Return the keys of params.yaml that lead to an error; pydantic puts tags and types among them."""
    path = [key for key in detail["loc"] if key != "[key]"]  # of an error in the key itself
    if len(path) > 2:
        section, name, *keys = path
        if section in ("sources", "datasets"):
            del keys[0]  # the tag
        elif keys[0] == "schedule":
            del keys[1:2]  # likewise
        if MAPPINGS.isdisjoint(keys[:1]):
            keys[1:] = [key for key in keys[1:] if isinstance(key, int)]
        path = ["defaults", *keys] if _is_inherited(path, raw) else [section, name, *keys]
    if detail["type"] in ("union_tag_invalid", "union_tag_not_found"):
        path.append(_discriminator(detail))
    return tuple(format_text(str(key)) for key in path)


def _is_inherited(path: Sequence[str | int], raw: Any) -> bool:
    """Return whether a model's block leaves a key to section `defaults`."""
    section, name, key, *_ = path
    if section != "models" or key not in (raw["defaults"] or {}):
        return False
    block = raw["models"].get(name)
    return not (isinstance(block, dict) and key in block)


def _discriminator(detail: ErrorDetails) -> str:
    """Return the key that says which class a block belongs to."""
    return str(detail["ctx"]["discriminator"]).strip("'")


def _describe(keys: Sequence[str], details: Sequence[ErrorDetails]) -> str:
    """Describe what is wrong with one value; several errors are the types that it could have had."""
    first = details[0]
    match first["type"]:
        case "extra_forbidden" | "invalid_key":
            new = _new_name(first)
            return f"is now called {new}; rename it" if new else "unknown key; remove it or correct its spelling"
        case "missing" | "union_tag_not_found":
            return "missing; add it"
        case "value_error":
            return first["msg"].removeprefix("Value error, ")
        case "union_tag_invalid":
            value = first["input"][_discriminator(first)]
        case _:
            value = first["input"]
    if keys[-1:] == ("sampling",) and isinstance(value, str) and value in SAMPLING_VALUES:
        return f"{value} is now called {SAMPLING_VALUES[value]}; rename it"
    wanted = " or ".join(dict.fromkeys(_wanted(detail) for detail in details))
    return f"found {format_value(value)}; wanted {wanted}"


def _wanted(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    if wanted := WANTED.get(context.get("pattern", detail["type"])):
        return wanted.format_map(context)
    return detail["msg"].removeprefix("Input should be ")
