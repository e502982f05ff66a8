"""Labelled texts: a CSV, or a folder or zip of LABEL.txt files."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath

import numpy as np

from pipeline.data.archives import is_zip, read_members
from pipeline.data.prepared import DataIssue, Draft
from pipeline.data.readers import check_exists, decode, numbered_lines, read_columns
from pipeline.data.splits import Rows, stratified_split, take_rows
from pipeline.data.vocabulary import Vocabulary, pad
from pipeline.errors import DataError
from pipeline.params.schema import LabelledParams

Row = tuple[str, str]  # text, label


def draft(params: LabelledParams, folder: Path | None) -> Draft:
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
    return Draft("names", take_rows(arrays, rows), vocabulary, counts, issues=issues)


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
    for line, (text, label) in read_columns(path, params.text, params.label):
        for column, field in ((params.text, text), (params.label, label)):
            if not field:
                raise DataError(f"{path}: line {line}: {column}: found nothing; wanted a text")
        yield text, label


def _read_label_files(path: Path, params: LabelledParams) -> Iterator[Row]:
    """Yield the lines of LABEL.txt files; the name of the file is their label."""
    with closing(read_members(path, params.members, params.max_megabytes)) as members:
        for name, content in members:
            text = "".join(decode(content, f"{path}/{name}"))
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
