"""Windows cut from a text, each labelled with the class of the character that follows it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike, NDArray

from pipeline.data.formats.base import Draft, Format
from pipeline.data.formats.text import EncodedText, describe_cleaning, describe_equal_files, describe_passage, scan
from pipeline.data.inputs import Reader, TextReader
from pipeline.data.prepared import DataIssue, Prepared
from pipeline.data.prepared.arrays import join_pieces, pieces
from pipeline.data.prepared.vocabulary import Symbols, Vocabulary
from pipeline.data.splits import Rows
from pipeline.data.wording import ModelFacts, Usage, describe_symbols, example_text, join_names, label_usage
from pipeline.errors import DataError
from pipeline.params.datasets import WindowsParams
from pipeline.params.models import ModelParams

Labels = NDArray[np.int32]
NO_CLASS = -1


class Windows(Format[WindowsParams]):
    """Windows cut from a text, each labelled with the class of the character that follows it."""

    unit = "windows"

    def draft(self, params: WindowsParams, folder: Path | None) -> Draft:
        """Split the text by position, then cut each split: no window and no next character is in another split."""
        summary, vocabulary, sizes = scan(params, params.width + 1)
        encoded = EncodedText(params, vocabulary)
        classes = dict(sorted(params.classes.items()))
        class_of = _class_table(classes, vocabulary)
        splits, counts = {}, np.zeros(len(classes), dtype=np.int64)
        for split, size in sizes.items():
            windows = SplitWindows(encoded.take(size), class_of, params)
            if not windows.count:
                where = f"{params.raw}: {split} split of {size} characters"
                raise DataError(f"{where}: found no window followed by a character of a class; wanted some")
            splits[split] = windows.arrays(folder and folder / split)
            counts += windows.count_classes(len(classes))
        return Draft(
            splits,
            vocabulary,
            dict(zip(classes, counts.tolist(), strict=True)),
            passage=describe_passage(params, summary),
            issues=(
                *describe_cleaning(params, summary),
                *_describe_left_out(sizes, int(counts.sum()), params),
                *describe_equal_files(params),
            ),
        )

    def reader(self, params: WindowsParams, prepared: Prepared, model: ModelParams) -> Reader:
        """Return a reader of the last characters of a text, at most as many as a window has."""
        return TextReader("context", prepared, alphabet=params.alphabet, width=params.width)

    def describe_use(self, params: WindowsParams, prepared: Prepared) -> str:
        """Return that it predicts the class of the next character."""
        return (
            f"To predict from {params.width} characters of a text which of {len(prepared.classes)} classes the next "
            "character has."
        )

    def limitations(self, params: WindowsParams, prepared: Prepared, model: ModelFacts) -> Iterator[str]:
        """Yield how far it reads, what it never predicts, and which text and symbols it knows."""
        yield f"It reads {params.width} characters, and ignores those before them."
        classes = join_names([f"{name} ({symbols})" for name, symbols in params.classes.items()], "or")
        others = set(params.alphabet).difference(*params.classes.values())
        never = f"; it never predicts another character{', such as a space' if ' ' in others else ''}"
        yield f"It predicts {classes}{never if others else ''}."
        opening = prepared.card.passage.opening if prepared.card.passage else ""
        yield f"It was trained on one text, which begins “{opening}…”, and knows the spelling and style of no other."
        yield describe_symbols(prepared, params.alphabet)

    def usage(self, params: WindowsParams, prepared: Prepared, model: ModelFacts) -> Usage:
        """Return how it predicts the class after a window."""
        meaning = ", ".join(f"{place} {label}" for place, label in enumerate(prepared.classes))
        return label_usage(model.name, example_text(prepared), meaning)


def _describe_left_out(sizes: Mapping[str, int], kept: int, params: WindowsParams) -> Iterator[DataIssue]:
    """Yield how many windows are followed by a character of no class."""
    windows = sum(len(range(0, size - params.width, params.stride)) for size in sizes.values())
    if windows > kept:
        yield DataIssue(found=f"{windows - kept} windows before a character of no class", done="left out")


class SplitWindows:
    """The windows of one split that are followed by a character of a class, cut a piece at a time.

    Attributes:
        count: How many there are.
    """

    def __init__(self, stream: Symbols, class_of: Labels, params: WindowsParams) -> None:
        self.stream, self.class_of, self.params = stream, class_of, params
        self.count = sum(map(len, self._starts()))

    def arrays(self, folder: Path | None) -> Mapping[str, NDArray[Any]]:
        """Return windows (n, width), their lengths (n,), labels (n,), and the class after each symbol (n, width)."""
        n, width = self.count, self.params.width
        windows = sliding_window_view(self.stream, width)
        following = windows[1:]
        cuts: Mapping[str, tuple[tuple[int, ...], DTypeLike, Callable[[Rows], NDArray[Any]]]] = {
            "symbols": ((n, width), self.stream.dtype, lambda starts: windows[starts]),
            "lengths": ((n,), np.int32, lambda starts: np.full(len(starts), width, dtype=np.int32)),
            "labels": ((n,), np.int32, self._labels),
            "following": ((n, width), np.int32, lambda starts: self.class_of[following[starts]]),
        }
        return {
            name: join_pieces(map(cut, self._starts()), shape, dtype, folder and folder / f"{name}.npy")
            for name, (shape, dtype, cut) in cuts.items()
        }

    def count_classes(self, classes: int) -> NDArray[np.int64]:
        """Return how many windows each class has, (classes,)."""
        counts = np.zeros(classes, dtype=np.int64)
        for starts in self._starts():
            counts += np.bincount(self._labels(starts), minlength=classes)
        return counts

    def _starts(self) -> Iterator[Rows]:
        """Yield where the windows start, a piece at a time."""
        stride = self.params.stride
        for piece in pieces(len(range(0, len(self.stream) - self.params.width, stride))):
            starts = np.arange(piece.start * stride, piece.stop * stride, stride)
            yield starts[self._labels(starts) != NO_CLASS]

    def _labels(self, starts: Rows) -> Labels:
        return self.class_of[self.stream[starts + self.params.width]]


def _class_table(classes: Mapping[str, str], vocabulary: Vocabulary) -> Labels:
    """Return the class of each id, as its index among the classes."""
    table = np.full(vocabulary.size, NO_CLASS, dtype=np.int32)
    for index, members in enumerate(classes.values()):
        table[vocabulary.encode(members)] = index
    return table
