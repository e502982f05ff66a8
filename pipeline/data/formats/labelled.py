"""Labelled texts: a CSV, or a folder or zip of LABEL.txt files."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath

import numpy as np

from pipeline.data.archives import format_member, is_zip, list_files, read_members
from pipeline.data.formats.base import Draft, Format
from pipeline.data.inputs import Reader, TextReader
from pipeline.data.prepared import DataIssue, Prepared
from pipeline.data.readers import check_exists, decode, numbered_lines, read_columns
from pipeline.data.splits import Rows, stratified_split, take_rows
from pipeline.data.vocabulary import Vocabulary, pad
from pipeline.data.wording import (
    ModelFacts,
    Usage,
    describe_small_classes,
    describe_symbols,
    example_text,
    label_usage,
)
from pipeline.errors import DataError
from pipeline.params.datasets import LabelledParams
from pipeline.params.models import ModelParams

Row = tuple[str, str]  # text, label


class Labelled(Format[LabelledParams]):
    """Labelled texts: a CSV, or a folder or zip of LABEL.txt files."""

    unit = "names"

    def draft(self, params: LabelledParams, folder: Path | None) -> Draft:
        """Encode and split the texts: equal texts go to the same split, and each label to every split."""
        found = [(clean_text(text), label) for text, label in _read_rows(params)]
        kept = list(dict.fromkeys(found))
        texts, labels = [text for text, _ in kept], [label for _, label in kept]
        counts = dict(sorted(Counter(labels).items()))
        if len(counts) < 2:
            raise DataError(f"{params.raw}: found {len(counts)} labels; wanted at least 2 to choose between")
        rows = stratified_split(texts, labels, params, f"{params.raw}: distinct rows of label")
        vocabulary = Vocabulary.open(set().union(*(texts[row] for row in rows["train"])))
        symbols, lengths = pad([vocabulary.encode(text) for text in texts])
        indices = {label: index for index, label in enumerate(counts)}
        arrays = {
            "symbols": symbols,
            "lengths": lengths,
            "labels": np.array([indices[label] for label in labels], dtype=np.int32),
        }
        issues = tuple(_find_issues(len(found), kept, rows, vocabulary))
        return Draft(take_rows(arrays, rows), vocabulary, counts, issues=issues)

    def reader(self, params: LabelledParams, prepared: Prepared, model: ModelParams) -> Reader:
        """Return a reader of texts."""
        return TextReader(params.text, prepared, clean=clean_text)

    def raw_files(self, params: LabelledParams) -> list[Path]:
        """Return the matching files of a folder, or the CSV or zip."""
        return list_files(Path(params.raw), params.members)

    def describe_use(self, params: LabelledParams, prepared: Prepared) -> str:
        """Return that it names one of the classes."""
        return f"To classify a text like those of the data set into one of {len(prepared.classes)} classes."

    def limitations(self, params: LabelledParams, prepared: Prepared, model: ModelFacts) -> Iterator[str]:
        """Yield that no class may fit, which classes are small, and its symbols."""
        classes = len(prepared.classes)
        yield f"It predicts one of {classes} classes for every input; it cannot say that none of them fits."
        yield from describe_small_classes(prepared)
        yield describe_symbols(prepared)

    def usage(self, params: LabelledParams, prepared: Prepared, model: ModelFacts) -> Usage:
        """Return how it names the class of a text."""
        text = example_text(prepared)
        return label_usage(model.name, text, "the class", "--top 3")


def clean_text(text: str) -> str:
    """Strip a text, and compose each accented letter to one symbol (Unicode NFC)."""
    return unicodedata.normalize("NFC", text.strip())


def _read_rows(params: LabelledParams) -> Iterator[Row]:
    path = check_exists(Path(params.raw))
    if path.is_dir() or is_zip(path):
        return _read_label_files(path, params)
    return _read_csv(path, params)


def _read_csv(path: Path, params: LabelledParams) -> Iterator[Row]:
    """Yield the rows of a CSV; refuse one without a text or a label."""
    for line, (text, label) in read_columns(path, params.text, params.label, max_megabytes=params.max_megabytes):
        for column, field in ((params.text, text), (params.label, label)):
            if not field:
                raise DataError(f"{path}: line {line}: {column}: found nothing; wanted a text")
        yield text, label


def _read_label_files(path: Path, params: LabelledParams) -> Iterator[Row]:
    """Yield the lines of LABEL.txt files; the name of the file is their label."""
    with closing(read_members(path, params.members, params.max_megabytes)) as members:
        for name, content in members:
            text = "".join(decode(content, format_member(path, name)))
            for _, line in numbered_lines(text):
                yield line, unicodedata.normalize("NFC", PurePosixPath(name).stem)


def _find_issues(n_found: int, kept: list[Row], rows: dict[str, Rows], vocabulary: Vocabulary) -> Iterator[DataIssue]:
    if repeats := n_found - len(kept):
        yield DataIssue(found=f"{repeats} rows that repeat a text with the same label", done="dropped")
    ambiguous = sum(count > 1 for count in Counter(text for text, _ in kept).values())
    if ambiguous:
        done = "kept once for each label, all in the same split"
        yield DataIssue(found=f"{ambiguous} texts that have more than one label", done=done)
    known = set(vocabulary.symbols)
    for split in [split for split in rows if split != "train"]:
        oov = sum(not known.issuperset(kept[row][0]) for row in rows[split])
        if oov:
            found = f"{oov} {split} rows with a symbol that does not occur in the training rows"
            yield DataIssue(found=found, done="such symbols are read as `unknown`")
        if missing := {label for _, label in kept} - {kept[row][1] for row in rows[split]}:
            names = ", ".join(sorted(missing))
            yield DataIssue(found=f"no {split} rows for {names}", done="not evaluated there")
