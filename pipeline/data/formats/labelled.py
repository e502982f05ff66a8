"""Labelled texts: a CSV, or a folder or zip of LABEL.txt files."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from pipeline.data.archives import format_member, is_zip, list_files, read_members
from pipeline.data.formats.base import Draft, Format
from pipeline.data.inputs import Reader, TextReader
from pipeline.data.prepared import DataIssue, Prepared
from pipeline.data.prepared.vocabulary import Vocabulary, pad
from pipeline.data.readers import check_exists, decode, list_some, numbered_lines, read_columns, shorten
from pipeline.data.splits import (
    Rows,
    check_split,
    choose_rows,
    describe_overlap,
    params_by_file,
    split_number,
    take_rows,
)
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

Row = tuple[str, str, str]  # text, label, given split
INVISIBLE = {"Cc", "Cf", "Zl", "Zp", "Zs"}  # categories of Unicode: control, format, separators


class Labelled(Format[LabelledParams]):
    """Labelled texts: a CSV, or a folder or zip of LABEL.txt files."""

    unit = "texts"

    def draft(self, params: LabelledParams, folder: Path | None) -> Draft:
        """Encode and split the texts: equal texts go to the same split, and each label to every split."""
        found = [(text, compose(label.strip()), split) for text, label, split in _read_rows(params)]
        cleaned = [(clean_text(text, strip=params.strip), label, split) for text, label, split in found]
        kept = list(dict.fromkeys(cleaned)) if params.repeats == "drop" else cleaned
        texts, labels, given = ([row[part] for row in kept] for part in range(3))
        counts = dict(sorted(Counter(labels).items()))
        if len(counts) < 2:
            raise DataError(f"{params.raw}: found {len(counts)} labels; wanted at least 2 to choose between")
        kind = "distinct rows" if params.repeats == "drop" else "rows"
        numbers = np.array([split_number(split) for split in given], dtype=np.int8)
        rows = choose_rows(texts, labels, numbers, params, f"{params.raw}: {kind} of label")
        _require_trained(counts, {labels[row] for row in rows["train"]}, params)
        vocabulary = Vocabulary.open(set().union(*(texts[row] for row in rows["train"])))
        symbols, lengths = pad([vocabulary.encode(text) for text in texts])
        indices = {label: index for index, label in enumerate(counts)}
        arrays = {
            "symbols": symbols,
            "lengths": lengths,
            "labels": np.array([indices[label] for label in labels], dtype=np.int32),
        }
        issues = (*_describe_cleaning(found, cleaned, params), *_find_issues(kept, rows, vocabulary, params))
        return Draft(take_rows(arrays, rows, folder), vocabulary, counts, issues=issues)

    def reader(self, params: LabelledParams, prepared: Prepared, model: ModelParams) -> Reader:
        """Return a reader of texts."""
        return TextReader(params.text, prepared, clean=partial(clean_text, strip=params.strip))

    def raw_files(self, params: LabelledParams) -> list[Path]:
        """Return the matching files of a folder, or the CSV or zip."""
        return [file for part, _ in params_by_file(params) for file in list_files(Path(part.raw), params.members)]

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


def clean_text(text: str, *, strip: bool) -> str:
    """Compose a text and, if wanted, strip it; return an empty one for a text without a visible symbol."""
    if not is_visible(text):
        return ""
    return compose(text.strip() if strip else text)


def compose(text: str) -> str:
    """Compose each accented letter of a text to one symbol (Unicode NFC)."""
    return unicodedata.normalize("NFC", text)


def is_visible(text: str) -> bool:
    """Return whether a text has more than white space, zero-width symbols and other invisible ones."""
    return not all(unicodedata.category(symbol) in INVISIBLE for symbol in text)


def _read_rows(params: LabelledParams) -> Iterator[Row]:
    for part, split in params_by_file(params):
        path = check_exists(Path(part.raw))
        read = _read_label_files if path.is_dir() or is_zip(path) else _read_csv
        yield from read(path, params, split)


def _read_csv(path: Path, params: LabelledParams, split: str) -> Iterator[Row]:
    """Yield the rows of a CSV; refuse one without a text or a label."""
    columns = (params.text, params.label, *filter(None, [params.split_column]))
    for line, (text, label, *given) in read_columns(path, *columns, max_megabytes=params.max_megabytes, strip=False):
        _require_visible(text, f"{path}: line {line}: {params.text}")
        _require_visible(label, f"{path}: line {line}: {params.label}")
        where = f"{path}: line {line}: {params.split_column}"
        yield text, label, check_split(given[0].strip(), where) if given else split


def _read_label_files(path: Path, params: LabelledParams, split: str) -> Iterator[Row]:
    """Yield the lines of LABEL.txt files; the name of the file is their label."""
    with closing(read_members(path, params.members, params.max_megabytes)) as members:
        for name, content in members:
            where, label = format_member(path, name), PurePosixPath(name.removesuffix(".gz")).stem
            _require_visible(label, f"{where}: label")
            for number, text in numbered_lines("".join(decode(content, where)), strip=False):
                _require_visible(text, f"{where}: line {number}")
                yield text, label, split


def _require_visible(text: str, where: str) -> None:
    if not is_visible(text):
        found = f"{shorten(text)}, which shows nothing" if text.strip() else "nothing"
        raise DataError(f"{where}: found {found}; wanted a text")


def _require_trained(labels: Iterable[str], trained: set[str], params: LabelledParams) -> None:
    """Refuse a label that only held-out rows have, as they may if the splits are given."""
    if unseen := [label for label in labels if label not in trained]:
        found = f"found no train row of label {shorten(unseen[0])}"
        raise DataError(f"{params.raw}: {found}; add some, or leave its held-out rows out")


def _describe_cleaning(found: list[Row], cleaned: list[Row], params: LabelledParams) -> Iterator[DataIssue]:
    """Yield what cleaning met in the texts, and did."""
    if spaces := sum(text != text.strip() for text, *_ in found):
        done = "removed (`strip: true`)" if params.strip else "kept (`strip: true` removes it)"
        yield DataIssue(found=f"{spaces} texts with white space at the start or end", done=done)
    if decomposed := sum(not unicodedata.is_normalized("NFC", text) for text, *_ in found):
        done = "composed to one symbol (Unicode NFC)"
        yield DataIssue(found=f"{decomposed} texts that have an accented letter as several symbols", done=done)
    if repeats := len(cleaned) - len(set(cleaned)):
        done = "dropped" if params.repeats == "drop" else "kept, all in the same split as the first"
        yield DataIssue(found=f"{repeats} rows that repeat a text with the same label", done=done)


def _find_issues(
    kept: list[Row], rows: dict[str, Rows], vocabulary: Vocabulary, params: LabelledParams
) -> Iterator[DataIssue]:
    """Yield what the rows that are kept have in common, and what held-out ones lack."""
    pairs = {(text, label) for text, label, _ in kept}
    if ambiguous := sum(count > 1 for count in Counter(text for text, _ in pairs).values()):
        done = "kept with each label" + (", all in the same split" if params.given_by is None else "")
        yield DataIssue(found=f"{ambiguous} texts that have more than one label", done=done)
    yield from describe_overlap([text for text, *_ in kept], rows, params)
    known = set(vocabulary.symbols)
    for split in [split for split in rows if split != "train"]:
        oov = sum(not known.issuperset(kept[row][0]) for row in rows[split])
        if oov:
            found = f"{oov} {split} rows with a symbol that does not occur in the training rows"
            yield DataIssue(found=found, done="such symbols are read as `unknown`")
        if missing := {label for _, label, _ in kept} - {kept[row][1] for row in rows[split]}:
            yield DataIssue(found=f"no {split} rows for {list_some(sorted(missing))}", done="not evaluated there")
