"""A list of words, one a line."""

from pathlib import Path

from pipeline.codec import Codec, pad
from pipeline.datasets.prepared import Draft, Fault
from pipeline.datasets.reading import lines, shown, whole
from pipeline.datasets.splitting import stratified, taken
from pipeline.errors import UserError
from pipeline.settings import WordsSettings


def draft(settings: WordsSettings, folder: Path | None) -> Draft:
    """Encode and split the words; a repeated word counts once."""
    codec = Codec.closed(settings.alphabet)
    found = [word for _, word in _checked(Path(settings.raw), codec)]
    words = list(dict.fromkeys(found))
    rows = stratified(words, [""] * len(words), settings, f"{settings.raw}: distinct words")
    symbols, lengths = pad([codec.encode(word) for word in words])
    repeats = len(found) - len(words)
    faults = (Fault(found=f"{repeats} repeated words", done="kept once"),) if repeats else ()
    return Draft("words", taken({"symbols": symbols, "lengths": lengths}, rows), codec, faults=faults)


def _checked(path: Path, codec: Codec) -> list[tuple[int, str]]:
    """Return the lines of a file, all of which must be words over the alphabet."""
    words = list(lines(whole(path)))
    for number, word in words:
        try:
            codec.encode(word)
        except UserError as error:
            raise UserError(f"{path}: line {number}: {error} (alphabet)") from None
        if len(word) < 2:
            raise UserError(f"{path}: line {number}: found {shown(word)}; wanted at least two letters")
    if not words:
        raise UserError(f"{path}: found no words; wanted one a line")
    return words
