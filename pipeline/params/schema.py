"""What the blocks of params.yaml are made of: types, names, and the blocks of section `sources`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from pipeline.params.wording import format_value
from pipeline.paths import RAW

# Names become folders, DVC stages and dotted params paths, so they have no dots or spaces.
NAME = r"^[a-z0-9][a-z0-9-]*$"

# Names in the results beside those of the models; further baselines are named `baseline-...`.
BASELINE, BOUND = "baseline", "bound"

# Patterns; \p{C} are control characters and others that cannot be seen.
SHA256, URL = r"^[0-9a-f]{64}$", r"^(https?|file)://\S+$"
PATH = r"^[^/~\p{C}]\P{C}*$"

Name = Annotated[str, StringConstraints(pattern=NAME, max_length=64)]
Size = Annotated[int, Field(gt=0, le=10**6)]
Steps = Annotated[int, Field(gt=0, le=10**4)]  # that a network reads, one after the other
Count = Annotated[int, Field(ge=0, le=10**12)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
NotNegative = Annotated[float, Field(ge=0, le=10**6)]
Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]

UNKNOWN = "\ufffd"  # shown for symbols that no training row has


def is_baseline(name: str) -> bool:
    """Return whether a name in the results is a baseline's."""
    return name == BASELINE or name.startswith(f"{BASELINE}-")


def is_reference(name: str) -> bool:
    """Return whether a name in the results is a baseline's or the bound's, not a model's."""
    return name == BOUND or is_baseline(name)


def _stays_inside(path: str) -> str:
    if ".." in Path(path).parts:
        raise ValueError(f"found {format_value(path)}; wanted a path inside the project's folder, without '..'")
    return path


def _is_below_raw(path: str) -> str:
    if RAW not in Path(path).parents:  # DVC deletes a stage's outputs before it runs it
        raise ValueError(f"found {format_value(path)}; wanted a file below {RAW}")
    if any(part.startswith(".") for part in Path(path).parts):  # such as .gitignore, .dvcignore and .git
        raise ValueError(f"found {format_value(path)}; wanted a file that is not hidden, nor in a hidden folder")
    return path


RelativePath = Annotated[str, StringConstraints(pattern=PATH, max_length=200)]  # to the project's folder
ProjectPath = Annotated[RelativePath, AfterValidator(_stays_inside)]
RawFile = Annotated[ProjectPath, AfterValidator(_is_below_raw)]


class Block(BaseModel):
    """A frozen block of params that refuses unknown keys and converts no types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class BibleSource(Block):
    """Books of the American Standard Version (1901, public domain), from an installed package."""

    kind: Literal["bible"]
    books: Literal["psalms", "all-but-psalms"]
    file: RawFile


class UrlSource(Block):
    """A file behind an http, https or file address, refused unless its digest matches."""

    kind: Literal["url"]
    url: Annotated[str, StringConstraints(pattern=URL)]
    sha256: Annotated[str, StringConstraints(pattern=SHA256)]
    max_megabytes: Size  # a larger file is refused
    file: RawFile


SourceParams = Annotated[BibleSource | UrlSource, Field(discriminator="kind")]
