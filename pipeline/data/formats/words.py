"""A list of words, one per line."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.data.formats.base import Draft, Format
from pipeline.data.inputs import Reader, TextReader
from pipeline.data.prepared import DataIssue, Prepared
from pipeline.data.prepared.arrays import first_rows, number_rows
from pipeline.data.prepared.vocabulary import Vocabulary
from pipeline.data.readers import numbered_lines, read_blocks, shorten
from pipeline.data.splits import choose_rows, describe_overlap, params_by_file, split_number
from pipeline.data.texts import collect_texts, encode_rows
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
        found = WordList(params, vocabulary)
        words = collect_texts(found)
        given = np.frombuffer(found.splits, dtype=np.int8)
        numbers = number_rows([words])
        kept = first_rows(number_rows([numbers, given]) if params.given_by else numbers)
        repeats = len(words) - len(kept)
        if repeats:
            words, given, numbers = words[kept], given[kept], number_rows([words[kept]])
        rows = choose_rows(numbers, None, given, params, f"{params.raw}: distinct words")
        arrays = encode_rows(words, vocabulary, rows, folder)
        issues = (*_find_issues(found.spaces, repeats), *describe_overlap(numbers, rows, params))
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


class WordList:
    """Reads the words of all files, one after the other.

    Attributes:
        splits: The `split_number` of each word that was read.
        spaces: How many of them had white space around them.
    """

    def __init__(self, params: WordsParams, vocabulary: Vocabulary) -> None:
        self.params, self.vocabulary, self.symbols = params, vocabulary, set(vocabulary.symbols)
        self.splits, self.spaces = bytearray(), 0

    def __iter__(self) -> Iterator[str]:
        """Yield each word; refuse one with a symbol outside the alphabet, or with a single letter."""
        for part, split in params_by_file(self.params):
            path, before = Path(part.raw), len(self.splits)
            for number, line in numbered_lines(read_blocks(path), path):
                word = self._check(line.strip(), f"{path}: line {number}")
                self.splits.append(split_number(split))
                self.spaces += word != line
                yield word
            if len(self.splits) == before:
                raise DataError(f"{path}: found no words; wanted one per line")

    def _check(self, word: str, where: str) -> str:
        if not self.symbols.issuperset(word):
            try:
                self.vocabulary.encode(word)
            except DataError as error:
                raise DataError(f"{where}: {error} (alphabet)") from None
        if len(word) < 2:
            raise DataError(f"{where}: found {shorten(word)}; wanted at least two letters")
        return word


def _find_issues(spaces: int, repeats: int) -> Iterator[DataIssue]:
    if spaces:
        yield DataIssue(found=f"{spaces} words with white space around them", done="removed")
    if repeats:
        yield DataIssue(found=f"{repeats} repeated words", done="kept once")
