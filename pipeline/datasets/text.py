"""A text as one long stream of symbols, split by position."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.codec import Codec, Symbols
from pipeline.datasets.cleaning import ANY, CutSettings, Survey, cleaned, survey
from pipeline.datasets.prepared import Draft, Fault, Passage
from pipeline.datasets.splitting import sizes
from pipeline.settings import TextSettings

LEAST = 2  # symbols: one to read and one to predict


def draft(settings: TextSettings, folder: Path | None) -> Draft:
    """Clean and encode the text in two readings, of which little more than a block is ever in memory."""
    found, codec, shared = surveyed(settings, LEAST)
    stream = Encoded(settings, codec)
    splits, faults = {}, [treatment(settings)]
    for split, size in shared.items():
        before = stream.unknown
        splits[split] = {"stream": stream.take(size, folder and folder / split / "stream.npy")}
        if strange := stream.unknown - before:
            strangers = f"{strange} {split} characters that stand nowhere in the training text"
            faults.append(Fault(found=strangers, done="read as `unknown`"))
    return Draft("characters", splits, codec, passage=passage(settings, found), faults=tuple(faults))


def surveyed(settings: CutSettings, least: int) -> tuple[Survey, Codec, dict[str, int]]:
    """Read the text once for its vocabulary and for the sizes of its splits, `least` symbols or more."""
    found = survey(settings)
    shared = sizes(found.length, settings, f"{settings.raw}: characters after cleaning", least)
    return found, found.codec(settings.alphabet, shared["train"]), shared


def passage(settings: CutSettings, found: Survey) -> Passage:
    """Say which part of the text is used."""
    return Passage(skipped=settings.skip, characters=found.length, opening=found.opening)


def treatment(settings: CutSettings) -> Fault:
    """Say what cleaning does."""
    if settings.alphabet == ANY:
        return Fault(found="line ends", done="a space for each")
    run = "one space for each run" if " " in settings.alphabet else "left out"
    return Fault(
        found="capitals and other symbols outside the alphabet, where the text has them",
        done=f"the small letter where the alphabet has it, otherwise {run}",
    )


class Encoded:
    """The symbols of a cleaned text, taken from the front."""

    def __init__(self, settings: CutSettings, codec: Codec) -> None:
        self.codec, self.unknown = codec, 0
        self._content = map(codec.encode_points, cleaned(settings))
        self._rest = np.empty(0, dtype=codec.dtype)

    def take(self, size: int, path: Path | None = None) -> Symbols:
        """Return the next `size` symbols, memory-mapped from the .npy file `path` where one is named."""
        if path is None:
            return np.concatenate([*self._blocks(size)])
        path.parent.mkdir(parents=True, exist_ok=True)
        header = {"descr": self.codec.dtype.str, "fortran_order": False, "shape": (size,)}
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for block in self._blocks(size):
                file.write(block.tobytes())
        stream: Symbols = np.load(path, mmap_mode="r")
        return stream

    def _blocks(self, size: int) -> Iterator[Symbols]:
        while size:
            if not len(self._rest):
                self._rest = next(self._content)
            block, self._rest = self._rest[:size], self._rest[size:]
            size -= len(block)
            if self.codec.unknown is not None:
                self.unknown += int((block == self.codec.unknown).sum())
            yield block
