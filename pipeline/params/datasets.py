"""The blocks of section `datasets`: the settings of each format, and what a model on such data may be given.

A new format is a class here with an entry in `AnyDataset`, a module in `pipeline/data/formats`, and a line in
`pipeline/inference/load.py`. docs/adding-a-dataset.md explains how to write a block.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pipeline.params.schema import Block, Count, Fraction, RelativePath, Seed, Size, Steps
from pipeline.params.values import Alphabet, Characters, Choice, Class, Column, Day

# The values that a model's key may have on some kind of data.
Allowed = dict[str, tuple[str, ...]]
SYMBOLS: Allowed = {
    "input": ("one-hot", "embedding"),
    "head": ("none", "linear"),  # a ReLU would cut the logits of unlikely symbols
    "scaling": ("none",),
}
NUMBERS: Allowed = {
    "input": ("values", "flat"),
    "head": ("none", "linear", "linear-relu"),
    "scaling": ("none", "standard", "min-max"),
}
ROWS: Allowed = {
    "sampling": ("shuffled", "sequential", "balanced", "drawn"),
    "supervision": ("task",),
    "offset": ("random",),
}
STREAM: Allowed = {"sampling": ("consecutive", "random"), "supervision": ("task",)}


class DatasetParams(Block):
    """What the settings of all formats have in common."""

    task: ClassVar[str]
    allowed: ClassVar[Allowed]
    length_key: ClassVar[str | None] = None  # the model's key that says how many steps of the data it reads
    columns: ClassVar[tuple[str, ...]] = ()  # the keys that name a column
    writes_text: ClassVar[bool] = False  # whether a model can continue a text

    format: str
    raw: RelativePath  # inside the Git repository; `places` checks it
    validation: Fraction | None = None  # of the rows; choices are made on them
    test: Fraction | None = None  # of the rows; no choice is made on them
    split_files: bool = False  # `raw` is a folder with a file for each split, instead of shares of one file
    refit: bool  # also train on all rows, and report that fit on them as split `all_rows`

    @property
    def outputs(self) -> int | None:
        """Return how many outputs a network needs; None where only the rows say so."""
        return None

    @property
    def symbols(self) -> frozenset[str] | None:
        """Return the only symbols that its texts may have; None where only the rows say so."""
        return None

    @property
    def given_by(self) -> str | None:
        """Return the key by which the user says which rows are in which split; None for shares."""
        return "split_files" if self.split_files else None

    @property
    def share_keys(self) -> dict[str, float | None]:
        """Return the keys that split rows by shares, with their values."""
        return {"validation": self.validation, "test": self.test}

    @model_validator(mode="after")
    def _has_one_way_to_split(self) -> Self:
        missing = [key for key, value in self.share_keys.items() if value is None]
        if self.given_by is None and missing:
            raise ValueError(f"{' and '.join(missing)} missing; add it, or give the splits yourself (split_files)")
        if self.given_by is not None and len(missing) < len(self.share_keys):
            raise ValueError(f"{', '.join(self.share_keys)} split by shares; leave them out with {self.given_by}")
        return self

    @model_validator(mode="after")
    def _leaves_training_rows(self) -> Self:
        if self.validation is None or self.test is None:
            return self
        if self.validation + self.test >= 1:
            raise ValueError("validation + test must stay below 1")
        if (self.validation == 0) != (self.test == 0):
            raise ValueError("validation and test are either both 0 (nothing is held out) or both above")
        if self.test == 0 and not self.refit:
            raise ValueError("refit must be true where nothing is held out, or nothing would be reported")
        return self

    @model_validator(mode="after")
    def _columns_differ(self) -> Self:
        names = {key: name for key in self.columns if (name := getattr(self, key))}
        if len(set(names.values())) < len(names):
            raise ValueError(f"{', '.join(names)} must each name a column of its own")
        return self


class ShuffledParams(DatasetParams):
    """Settings of data whose rows are split at random."""

    split_seed: Seed | None = None

    @property
    def share_keys(self) -> dict[str, float | None]:
        """Return the keys that split rows by shares, with their values."""
        return {**super().share_keys, "split_seed": self.split_seed}


class TableParams(ShuffledParams):
    """Settings of data that a CSV has in its rows."""

    split_column: Column | None = None  # its fields are train, validation and test

    @property
    def given_by(self) -> str | None:
        """Return the key by which the user says which rows are in which split; None for shares."""
        return "split_column" if self.split_column else super().given_by

    @model_validator(mode="after")
    def _gives_splits_once(self) -> Self:
        if self.split_column and self.split_files:
            raise ValueError("split_column and split_files both say which split a row is in; keep one")
        return self


class WordsParams(ShuffledParams):
    """A list of words, one a line; the next letter is predicted."""

    task = "next-symbol"
    allowed = SYMBOLS | ROWS
    writes_text = True

    format: Literal["words"]
    alphabet: Alphabet  # a symbol outside it is an error

    @property
    def symbols(self) -> frozenset[str]:
        """Return the letters."""
        return frozenset(self.alphabet)

    @property
    def outputs(self) -> int:
        """Return the number of letters."""
        return len(self.symbols)


class PairsParams(TableParams):
    """A CSV of number sequences and a number each; the number is predicted."""

    task = "regress"
    allowed = NUMBERS | ROWS
    columns = ("inputs", "target", "split_column")

    format: Literal["pairs"]
    inputs: Column  # has the sequence
    separator: str  # between its values; empty: each character is a value
    target: Column

    @property
    def outputs(self) -> int:
        """Return 1, for the number."""
        return 1


class SeriesParams(DatasetParams):
    """A long CSV of date, store, item and sales, reduced to one series; the next day is predicted."""

    task = "forecast"
    allowed = NUMBERS | ROWS
    length_key = "window"
    columns = ("date", "store", "item", "sales")

    format: Literal["series"]
    date: Column
    store: Column
    item: Column
    sales: Column
    stores: Choice
    items: Choice
    reduce: Literal["mean", "sum"]
    season: Size  # days after which the series is expected to repeat
    validation_from: Day | None = None  # the first day of the validation split, instead of shares
    test_from: Day | None = None  # the first day of the test split

    @property
    def given_by(self) -> str | None:
        """Return the key by which the user says which rows are in which split; None for shares."""
        return "test_from" if self.test_from else super().given_by

    @model_validator(mode="after")
    def _days_are_in_order(self) -> Self:
        if self.split_files:
            raise ValueError("split_files does not go with format series; give validation_from and test_from")
        if (self.validation_from is None) != (self.test_from is None):
            raise ValueError("validation_from and test_from go together; give both or neither")
        if self.validation_from and self.test_from and self.validation_from >= self.test_from:
            raise ValueError(f"validation_from {self.validation_from} must be before test_from {self.test_from}")
        return self

    @property
    def outputs(self) -> int:
        """Return 1, for the value of the next day."""
        return 1


class LabelledParams(TableParams):
    """Labelled texts: a CSV, or a folder or zip of LABEL.txt files; the label is predicted."""

    task = "classify"
    allowed = SYMBOLS | ROWS
    columns = ("text", "label", "split_column")

    format: Literal["labelled"]
    text: Column  # CSV only
    label: Column  # CSV only
    strip: bool = False  # remove white space around a text
    repeats: Literal["drop", "keep"] = "drop"  # rows with the text and label of another; kept ones share a split
    members: Characters  # folder or zip only: which files, as a pattern
    max_megabytes: Size  # a zip or gzip file that unpacks to more is refused


class LongTextParams(DatasetParams):
    """Settings of formats that read one long text."""

    alphabet: Alphabet | Literal["any"]  # capitals become small letters to fit; what does not fit becomes one space
    skip: Count  # characters left out at the start, after cleaning
    limit: Count  # characters used, after cleaning; 0: all
    max_megabytes: Size  # a zip or gzip file that unpacks to more is refused


class TextParams(LongTextParams):
    """A text; the next character is predicted."""

    task = "next-symbol"
    allowed = SYMBOLS | STREAM
    length_key = "sequence_length"
    writes_text = True

    format: Literal["text"]

    @property
    def symbols(self) -> frozenset[str] | None:
        """Return the characters of the alphabet; None if it is `any`."""
        return None if self.alphabet == "any" else frozenset(self.alphabet)

    @property
    def outputs(self) -> int | None:
        """Return the number of characters of the alphabet."""
        return None if self.symbols is None else len(self.symbols)


class WindowsParams(LongTextParams):
    """Windows cut from a text, each labelled with the class of the character that follows it."""

    task = "classify"
    allowed = SYMBOLS | ROWS | {"supervision": ("task", "every-step")}

    format: Literal["windows"]
    alphabet: Alphabet
    width: Steps  # characters in a window
    stride: Size  # characters from one window's start to the next
    classes: dict[Class, Characters]  # class: its characters; windows followed by others are left out

    @property
    def outputs(self) -> int:
        """Return the number of classes."""
        return len(self.classes)

    @model_validator(mode="after")
    def _classes_fit(self) -> Self:
        if self.alphabet == "any":
            raise ValueError("alphabet must list the characters that windows are made of")
        members = "".join(self.classes.values())
        if len(self.classes) < 2:
            raise ValueError("classes must name at least two classes")
        if len(set(members)) < len(members):
            raise ValueError("classes must not share a character")
        if outside := sorted(set(members) - set(self.alphabet)):
            raise ValueError(f"classes has {outside[0]!r}, which is not in the alphabet")
        return self


AnyDataset = Annotated[
    WordsParams | PairsParams | SeriesParams | LabelledParams | TextParams | WindowsParams,
    Field(discriminator="format"),
]
