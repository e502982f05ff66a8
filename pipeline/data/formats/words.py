"""A list of words, one per line."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.data.formats.base import Draft, Format
from pipeline.data.inputs import Reader, TextReader
from pipeline.data.prepared import DataIssue, Prepared
from pipeline.data.prepared.vocabulary import Vocabulary, pad
from pipeline.data.readers import numbered_lines, read_text, shorten
from pipeline.data.splits import choose_rows, describe_overlap, params_by_file, split_number, take_rows
from pipeline.data.wording import ModelFacts, Usage, example_text, language_usage
from pipeline.errors import DataError
from pipeline.params.datasets import WordsParams
from pipeline.params.models import ModelParams


class Words(Format[WordsParams]):
    """A list of words, one per line."""

    unit = "words"

    def draft(self, params: WordsParams, folder: Path | None) -> Draft:
        """Encode and split the words; a repeated word counts once."""
        vocabulary = Vocabulary.closed(params.alphabet)
        parts = params_by_file(params)
        lines = [(line, split) for part, split in parts for line in _read_words(Path(part.raw), vocabulary)]
        words, given = zip(*dict.fromkeys((line.strip(), split) for line, split in lines), strict=True)
        numbers = np.array([split_number(split) for split in given], dtype=np.int8)
        rows = choose_rows(words, [""] * len(words), numbers, params, f"{params.raw}: distinct words")
        symbols, lengths = pad([vocabulary.encode(word) for word in words])
        arrays = take_rows({"symbols": symbols, "lengths": lengths}, rows, folder)
        issues = (*_find_issues([line for line, _ in lines], len(words)), *describe_overlap(words, rows, params))
        return Draft(arrays, vocabulary, issues=issues)

    def reader(self, params: WordsParams, prepared: Prepared, model: ModelParams) -> Reader:
        """Return a reader of words, which end after as many letters as the longest word has."""
        longest = max(int(arrays["lengths"].max()) for arrays in prepared.splits.values())
        return TextReader("prefix", prepared, clean=str.strip, max_length=longest)

    def describe_use(self, params: WordsParams, prepared: Prepared) -> str:
        """Return that it predicts letters and generates words."""
        return "To predict the next letter of a word from the letters before it, and to generate words."

    def limitations(self, params: WordsParams, prepared: Prepared, model: ModelFacts) -> Iterator[str]:
        """Yield how few words it knows, its letters, and the length of its words."""
        longest = max(int(arrays["lengths"].max()) for arrays in prepared.splits.values())
        words = sum(prepared.card.rows.values())
        yield f"It was trained on {words:,} words at most, and knows nothing else of the language."
        yield f"It accepts only these symbols, and refuses any other: {params.alphabet}"
        yield f"It generates words of at most {longest} letters."

    def usage(self, params: WordsParams, prepared: Prepared, model: ModelFacts) -> Usage:
        """Return how it continues the first half of a word."""
        word = example_text(prepared)
        return language_usage(model.name, word[: max(1, len(word) // 2)])


def _read_words(path: Path, vocabulary: Vocabulary) -> list[str]:
    """Return the lines of a file; refuse a word with a symbol outside the alphabet, or with a single letter."""
    lines = []
    for number, line in numbered_lines(read_text(path), strip=False):
        word = line.strip()
        try:
            vocabulary.encode(word)
        except DataError as error:
            raise DataError(f"{path}: line {number}: {error} (alphabet)") from None
        if len(word) < 2:
            raise DataError(f"{path}: line {number}: found {shorten(word)}; wanted at least two letters")
        lines.append(line)
    if not lines:
        raise DataError(f"{path}: found no words; wanted one per line")
    return lines


def _find_issues(lines: list[str], n_words: int) -> Iterator[DataIssue]:
    if spaces := sum(line != line.strip() for line in lines):
        yield DataIssue(found=f"{spaces} words with white space around them", done="removed")
    if repeats := len(lines) - n_words:
        yield DataIssue(found=f"{repeats} repeated words", done="kept once")
