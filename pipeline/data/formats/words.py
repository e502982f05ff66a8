"""A list of words, one per line."""

from pathlib import Path

from pipeline.data.prepared import DataIssue, Draft
from pipeline.data.readers import numbered_lines, read_text, shorten
from pipeline.data.splits import stratified_split, take_rows
from pipeline.data.vocabulary import Vocabulary, pad
from pipeline.errors import DataError
from pipeline.params.schema import WordsParams


def draft(params: WordsParams, folder: Path | None) -> Draft:
    """Encode and split the words; a repeated word counts once."""
    vocabulary = Vocabulary.closed(params.alphabet)
    found = _read_words(Path(params.raw), vocabulary)
    words = list(dict.fromkeys(found))
    rows = stratified_split(words, [""] * len(words), params, f"{params.raw}: distinct words")
    symbols, lengths = pad([vocabulary.encode(word) for word in words])
    repeats = len(found) - len(words)
    issues = (DataIssue(found=f"{repeats} repeated words", done="kept once"),) if repeats else ()
    return Draft("words", take_rows({"symbols": symbols, "lengths": lengths}, rows), vocabulary, issues=issues)


def _read_words(path: Path, vocabulary: Vocabulary) -> list[str]:
    """Return the words of a file; refuse one with a symbol outside the alphabet, or with a single letter."""
    words = []
    for number, word in numbered_lines(read_text(path)):
        try:
            vocabulary.encode(word)
        except DataError as error:
            raise DataError(f"{path}: line {number}: {error} (alphabet)") from None
        if len(word) < 2:
            raise DataError(f"{path}: line {number}: found {shorten(word)}; wanted at least two letters")
        words.append(word)
    if not words:
        raise DataError(f"{path}: found no words; wanted one per line")
    return words
