"""The `sources` blocks: raw files that are fetched, because Git does not hold them."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pipeline.settings.block import Block, RelativePath

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class BibleSource(Block):
    """Books of the American Standard Version (1901, public domain), from an installed package."""

    kind: Literal["bible"]
    books: Literal["psalms", "all-but-psalms"]
    file: RelativePath


class UrlSource(Block):
    """A file behind an http, https or file address, refused unless its digest matches."""

    kind: Literal["url"]
    url: Annotated[str, StringConstraints(pattern=r"^(https?|file)://\S+$")]
    sha256: Sha256
    megabytes: Annotated[int, Field(gt=0)]  # refuse a larger file
    file: RelativePath


SourceSettings = BibleSource | UrlSource

KINDS: dict[str, type[SourceSettings]] = {"bible": BibleSource, "url": UrlSource}
