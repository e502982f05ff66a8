"""A text as one long stream of symbols, split by position."""

from collections.abc import Iterator
from dataclasses import astuple, replace
from itertools import chain
from pathlib import Path

import numpy as np

from pipeline import files
from pipeline.data.cleaning import ANY, Changes, TextSummary, read_cleaned, summarise
from pipeline.data.formats.base import Draft, Format
from pipeline.data.inputs import Reader, TextReader
from pipeline.data.prepared import DataIssue, Passage, Prepared
from pipeline.data.prepared.arrays import join_pieces
from pipeline.data.prepared.vocabulary import Symbols, Vocabulary
from pipeline.data.splits import params_by_file, require_sizes, split_sizes
from pipeline.data.wording import ModelFacts, Usage, describe_symbols, example_opening, language_usage, quoted
from pipeline.params.datasets import LongTextParams, TextParams
from pipeline.params.models import ModelParams

MINIMUM = 2  # symbols: one to read and one to predict


class Text(Format[TextParams]):
    """A text as one long stream of symbols, split by position, or a text for each split."""

    unit = "characters"

    def draft(self, params: TextParams, folder: Path | None) -> Draft:
        """Clean and encode the text; read it twice, so that little more than a block is ever in memory."""
        summary, vocabulary, sizes = scan(params, MINIMUM)
        encoded = EncodedText(params, vocabulary)
        splits, issues = {}, describe_cleaning(params, summary)
        for split, size in sizes.items():
            before = encoded.n_unknown
            splits[split] = {"stream": encoded.take(size, folder and folder / split / "stream.npy")}
            if oov := encoded.n_unknown - before:
                found = f"{oov} {split} characters that do not occur in the training text"
                issues.append(DataIssue(found=found, done="read as `unknown`"))
        issues += describe_equal_files(params)
        return Draft(splits, vocabulary, passage=describe_passage(params, summary), issues=tuple(issues))

    def reader(self, params: TextParams, prepared: Prepared, model: ModelParams) -> Reader:
        """Return a reader of texts."""
        return TextReader("context", prepared, alphabet=params.alphabet)

    def describe_use(self, params: TextParams, prepared: Prepared) -> str:
        """Return that it predicts characters and continues texts."""
        return "To predict the next character of a text, to compute how probable a text is, and to continue a text."

    def limitations(self, params: TextParams, prepared: Prepared, model: ModelFacts) -> Iterator[str]:
        """Yield which text it knows, and its symbols."""
        opening = prepared.card.passage.opening if prepared.card.passage else ""
        yield (
            f"It was trained on one text, {prepared.card.rows['train']:,} characters of a passage that begins "
            f"“{opening}…”. It knows the language and style of that text, and no other."
        )
        yield describe_symbols(prepared, None if params.alphabet == ANY else params.alphabet)
        yield "The text that it generates may look like that text without making sense; at temperature 0 it may repeat."

    def usage(self, params: TextParams, prepared: Prepared, model: ModelFacts) -> Usage:
        """Return how it continues a few words, and how probable the last of them is."""
        opening = example_opening(prepared)
        usage = language_usage(model.name, opening)
        before, _, after = opening.rstrip().rpartition(" ")
        if not before:
            return usage
        probability = f"model.sequence_log_prob({quoted(after)}, context={quoted(before + ' ')})"
        return replace(usage, python=(*usage.python, probability))


def scan(params: LongTextParams, minimum: int) -> tuple[TextSummary, Vocabulary, dict[str, int]]:
    """Read the text once for its summary, its vocabulary and the sizes of its splits, each at least `minimum`."""
    where = f"{params.raw}: characters after cleaning"
    if params.split_files:
        summary, sizes = _summarise_files(params)
        require_sizes(sizes, where, minimum)
    else:
        summary = summarise(params)
        sizes = split_sizes(summary.length, params, where, minimum)
    return summary, summary.vocabulary(params.alphabet, sizes["train"]), sizes


def _summarise_files(params: LongTextParams) -> tuple[TextSummary, dict[str, int]]:
    """Return a summary of the files of all splits, but of the symbols of the training file alone; and their sizes."""
    by_split = {split: summarise(part) for part, split in params_by_file(params)}
    sizes = {split: summary.length for split, summary in by_split.items()}
    counts = zip(*(astuple(summary.changes) for summary in by_split.values()), strict=True)
    changes = Changes(*(sum(count) for count in counts))
    return replace(by_split["train"], length=sum(sizes.values()), changes=changes), sizes


def describe_equal_files(params: LongTextParams) -> Iterator[DataIssue]:
    """Yield which files of splits have the same content, so that a split is not new to a model."""
    first: dict[str, str] = {}
    for part, split in params_by_file(params):
        if (same := first.setdefault(files.sha256(Path(part.raw)), split)) != split:
            yield DataIssue(found=f"the {split} file is the {same} file", done="kept, since the splits are given")


def describe_passage(params: LongTextParams, summary: TextSummary) -> Passage:
    """Return which part of the text is used."""
    return Passage(skipped=params.skip, characters=summary.length, opening=summary.opening)


def describe_cleaning(params: LongTextParams, summary: TextSummary) -> list[DataIssue]:
    """Return what cleaning has changed in the passage."""
    changes = summary.changes
    as_space = "dropped"
    if params.alphabet == ANY:
        as_space = "each replaced by a space"
    elif " " in params.alphabet:
        as_space = "each run of them and of spaces replaced by one space"
    counts = {
        "line breaks": (changes.line_breaks, as_space),
        "capital letters that the alphabet lacks": (changes.capitals, "replaced by their small letters"),
        "other symbols outside the alphabet": (changes.outside, as_space),
        "spaces after another space, or after what became one": (changes.repeated_spaces, "dropped"),
    }
    return [DataIssue(found=f"{count} {what}", done=done) for what, (count, done) in counts.items() if count]


class EncodedText:
    """The symbols of a cleaned text, taken from its start a piece at a time."""

    def __init__(self, params: LongTextParams, vocabulary: Vocabulary) -> None:
        self.vocabulary, self.n_unknown = vocabulary, 0
        parts = (part for part, _ in params_by_file(params))
        self._blocks = map(vocabulary.encode_points, chain.from_iterable(map(read_cleaned, parts)))
        self._rest = np.empty(0, dtype=vocabulary.dtype)

    def take(self, size: int, path: Path | None = None) -> Symbols:
        """Return the next `size` symbols; with a `path`, memory-mapped from that new .npy file."""
        return join_pieces(self._take_blocks(size), (size,), self.vocabulary.dtype, path)

    def _take_blocks(self, size: int) -> Iterator[Symbols]:
        while size:
            if not len(self._rest):
                self._rest = next(self._blocks)
            block, self._rest = self._rest[:size], self._rest[size:]
            size -= len(block)
            if self.vocabulary.unknown is not None:
                self.n_unknown += int((block == self.vocabulary.unknown).sum())
            yield block
