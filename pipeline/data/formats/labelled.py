"""Labelled texts: a CSV, or a folder or zip of LABEL.txt files."""

import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from pipeline.data.archives import format_member, is_zip, list_files, read_members
from pipeline.data.formats.base import Draft, Format
from pipeline.data.inputs import Reader, TextReader
from pipeline.data.prepared import DataIssue, Prepared
from pipeline.data.prepared.arrays import first_rows, number_rows, pieces
from pipeline.data.prepared.vocabulary import Vocabulary
from pipeline.data.readers import check_exists, list_some, numbered_lines, read_columns, shorten
from pipeline.data.splits import (
    Rows,
    check_split,
    choose_rows,
    describe_overlap,
    params_by_file,
    split_number,
)
from pipeline.data.texts import Texts, collect_texts, encode_rows, symbols_of
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
        found = LabelledTexts(params)
        texts = collect_texts(found)
        numbers, given = number_rows([texts]), np.frombuffer(found.splits, dtype=np.int8)
        names = sorted(found.labels)
        labels = np.array([names.index(label) for label in found.labels], dtype=np.int32)[
            np.frombuffer(found.label_numbers, dtype=np.int32)
        ]
        distinct = first_rows(number_rows([numbers, labels, given]))
        repeats = len(texts) - len(distinct)
        if repeats and params.repeats == "drop":
            texts, labels, given = texts[distinct], labels[distinct], given[distinct]
            numbers = number_rows([texts])
        if len(names) < 2:
            raise DataError(f"{params.raw}: found {len(names)} labels; wanted at least 2 to choose between")
        kind = "distinct rows" if params.repeats == "drop" else "rows"
        of_rows = [names[label] for label in labels.tolist()]
        rows = choose_rows(numbers, of_rows, given, params, f"{params.raw}: {kind} of label")
        _require_trained(names, labels[rows["train"]], params)
        vocabulary = Vocabulary.open(symbols_of(texts, rows["train"]))
        arrays = encode_rows(texts, vocabulary, rows, folder)
        for split, chosen in rows.items():
            arrays[split]["labels"] = labels[chosen]
        counts = dict(zip(names, np.bincount(labels).tolist(), strict=True))
        issues = [*_describe_cleaning(found, repeats, params), *_describe_ambiguous(numbers, labels, params)]
        issues += describe_overlap(numbers, rows, params)
        issues += _describe_held_out(texts, labels, rows, vocabulary, names)
        return Draft(arrays, vocabulary, counts, issues=tuple(issues))

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
            for number, text in numbered_lines(content, where):
                _require_visible(text, f"{where}: line {number}")
                yield text, label, split


def _require_visible(text: str, where: str) -> None:
    if not is_visible(text):
        found = f"{shorten(text)}, which shows nothing" if text.strip() else "nothing"
        raise DataError(f"{where}: found {found}; wanted a text")


class LabelledTexts:
    """Reads and cleans the texts of all files, and keeps what belongs to each.

    Attributes:
        labels: The number of each label, in the order in which they were found.
        label_numbers: The number of each text's label.
        splits: The `split_number` of each text.
        spaces: How many texts had white space at the start or end.
        decomposed: How many had an accented letter as several symbols.
    """

    def __init__(self, params: LabelledParams) -> None:
        self.params, self.labels = params, dict[str, int]()
        self.label_numbers, self.splits = array("i"), bytearray()
        self.spaces = self.decomposed = 0

    def __iter__(self) -> Iterator[str]:
        """Yield each text, cleaned."""
        for text, label, split in _read_rows(self.params):
            self.label_numbers.append(self.labels.setdefault(compose(label.strip()), len(self.labels)))
            self.splits.append(split_number(split))
            self.spaces += text != text.strip()
            self.decomposed += not unicodedata.is_normalized("NFC", text)
            yield clean_text(text, strip=self.params.strip)


def _require_trained(names: Sequence[str], trained: NDArray[np.int32], params: LabelledParams) -> None:
    """Refuse a label that only held-out rows have, as they may if the splits are given."""
    if (unseen := np.setdiff1d(np.arange(len(names)), trained)).size:
        found = f"found no train row of label {shorten(names[unseen[0]])}"
        raise DataError(f"{params.raw}: {found}; add some, or leave its held-out rows out")


def _describe_cleaning(found: LabelledTexts, repeats: int, params: LabelledParams) -> Iterator[DataIssue]:
    """Yield what cleaning met in the texts, and did."""
    if found.spaces:
        done = "removed (`strip: true`)" if params.strip else "kept (`strip: true` removes it)"
        yield DataIssue(found=f"{found.spaces} texts with white space at the start or end", done=done)
    if found.decomposed:
        done = "composed to one symbol (Unicode NFC)"
        yield DataIssue(found=f"{found.decomposed} texts that have an accented letter as several symbols", done=done)
    if repeats:
        done = "dropped" if params.repeats == "drop" else "kept, all in the same split as the first"
        yield DataIssue(found=f"{repeats} rows that repeat a text with the same label", done=done)


def _describe_ambiguous(
    numbers: NDArray[np.int32], labels: NDArray[np.int32], params: LabelledParams
) -> Iterator[DataIssue]:
    """Yield how many texts have several labels."""
    pairs = first_rows(number_rows([numbers, labels]))
    if ambiguous := int((np.bincount(numbers[pairs]) > 1).sum()):
        done = "kept with each label" + (", all in the same split" if params.given_by is None else "")
        yield DataIssue(found=f"{ambiguous} texts that have more than one label", done=done)


def _describe_held_out(
    texts: Texts, labels: NDArray[np.int32], rows: dict[str, Rows], vocabulary: Vocabulary, names: Sequence[str]
) -> Iterator[DataIssue]:
    """Yield what held-out rows have that training rows lack, and the other way round."""
    known = set(vocabulary.symbols)
    for split in [split for split in rows if split != "train"]:
        parts = (texts[rows[split][piece]].tolist() for piece in pieces(len(rows[split])))
        if oov := sum(not known.issuperset(text) for part in parts for text in part):
            found = f"{oov} {split} rows with a symbol that does not occur in the training rows"
            yield DataIssue(found=found, done="such symbols are read as `unknown`")
        if (missing := np.setdiff1d(np.arange(len(names)), labels[rows[split]])).size:
            listed = list_some([names[label] for label in missing])
            yield DataIssue(found=f"no {split} rows for {listed}", done="not evaluated there")
