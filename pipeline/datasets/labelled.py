"""Labelled texts: a CSV, or a folder or zip of LABEL.txt files."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath

import numpy as np

from pipeline.codec import Codec, pad
from pipeline.datasets.archives import is_zip, members
from pipeline.datasets.prepared import Draft, Fault
from pipeline.datasets.reading import columns, decoded, existing, lines
from pipeline.datasets.splitting import Rows, stratified, taken
from pipeline.errors import UserError
from pipeline.settings import LabelledSettings

Row = tuple[str, str]  # text, label


def draft(settings: LabelledSettings, folder: Path | None) -> Draft:
    """Encode and split the texts; equal texts stay on one side, each label is shared out alike."""
    found = [(cleaned(text), label) for text, label in _rows(settings)]
    kept = list(dict.fromkeys(found))
    texts, labels = [text for text, _ in kept], [label for _, label in kept]
    counts = dict(sorted(Counter(labels).items()))
    if len(counts) < 2:
        raise UserError(f"{settings.raw}: found {len(counts)} labels; wanted at least 2 to choose between")
    rows = stratified(texts, labels, settings, f"{settings.raw}: distinct rows of label")
    codec = Codec.open(set().union(*(texts[row] for row in rows["train"])))
    symbols, lengths = pad([codec.encode(text) for text in texts])
    places = {label: place for place, label in enumerate(counts)}
    arrays = {
        "symbols": symbols,
        "lengths": lengths,
        "labels": np.array([places[label] for label in labels], dtype=np.int32),
    }
    faults = tuple(_faults(len(found), kept, rows, codec))
    return Draft("names", taken(arrays, rows), codec, counts, faults=faults)


def cleaned(text: str) -> str:
    """Strip a text, and write each accented letter as one symbol."""
    return unicodedata.normalize("NFC", text.strip())


def _rows(settings: LabelledSettings) -> Iterator[Row]:
    path = existing(Path(settings.raw))
    if path.is_dir() or is_zip(path):
        return _from_members(path, settings)
    return _from_csv(path, settings)


def _from_csv(path: Path, settings: LabelledSettings) -> Iterator[Row]:
    """Yield the rows of a CSV, none of which may lack its text or label."""
    for line, (text, label) in columns(path, settings.text, settings.label):
        for column, cell in ((settings.text, text), (settings.label, label)):
            if not cell:
                raise UserError(f"{path}: line {line}: {column}: found nothing; wanted a text")
        yield text, label


def _from_members(path: Path, settings: LabelledSettings) -> Iterator[Row]:
    """Yield the lines of LABEL.txt files, each with the name of its file as its label."""
    with closing(members(path, settings.members, settings.megabytes)) as found:
        for name, content in found:
            text = "".join(decoded(content, f"{path}/{name}"))
            for _, line in lines(text):
                yield line, unicodedata.normalize("NFC", PurePosixPath(name).stem)


def _faults(found: int, kept: list[Row], rows: dict[str, Rows], codec: Codec) -> Iterator[Fault]:
    if repeats := found - len(kept):
        yield Fault(found=f"{repeats} rows that repeat a text of the same label", done="dropped")
    shared = sum(count > 1 for count in Counter(text for text, _ in kept).values())
    if shared:
        done = "kept once under each, always on one side of the split"
        yield Fault(found=f"{shared} texts that stand under more than one label", done=done)
    known = set(codec.symbols)
    for split in [split for split in rows if split != "train"]:
        strange = sum(not known.issuperset(kept[row][0]) for row in rows[split])
        if strange:
            strangers = f"{strange} {split} rows with a symbol that no training row has"
            yield Fault(found=strangers, done="such symbols read as `unknown`")
        if missing := {label for _, label in kept} - {kept[row][1] for row in rows[split]}:
            names = ", ".join(sorted(missing))
            yield Fault(found=f"no {split} row left for {names}", done="not measured there")
