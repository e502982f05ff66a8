"""What every block of params.yaml has in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# Names become folders, DVC stages and dotted params paths, so dots and spaces cannot stand in them.
NAME = r"[a-z0-9][a-z0-9-]*"

Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]
RelativePath = Annotated[str, StringConstraints(pattern=r"^[^/~].*$")]


class Block(BaseModel):
    """A frozen block of settings that refuses unknown keys and converts no types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
