"""The `datasets` blocks: one class a format of raw data."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from pipeline.settings.block import Block, Fraction, RelativePath

Task = Literal["next-symbol", "classify", "regress", "forecast"]
Positive = Annotated[int, Field(gt=0)]
Alphabet = Annotated[str, StringConstraints(min_length=2)]
Column = Annotated[str, StringConstraints(min_length=1)]


class _Dataset(Block):
    """Settings of every data set: the raw file and how it is split."""

    task: ClassVar[Task]
    raw: RelativePath
    validation: Fraction  # of the rows, to make choices on
    test: Fraction  # of the rows, on which no choice is made
    refit: bool  # also train on all rows, and report the fit to them as split `train`

    @model_validator(mode="after")
    def _leaves_something_to_train_on(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("validation + test must stay below 1")
        if (self.validation == 0) != (self.test == 0):
            raise ValueError("validation and test are either both 0 (nothing is held out) or both above")
        if self.test == 0 and not self.refit:
            raise ValueError("refit must be true where nothing is held out, or nothing would be reported")
        return self


class _ShuffledDataset(_Dataset):
    """Settings of a data set whose rows are split at random."""

    split_seed: Annotated[int, Field(ge=0)]


class WordsSettings(_ShuffledDataset):
    """A list of words, one a line; the next letter is predicted."""

    task: ClassVar[Task] = "next-symbol"
    format: Literal["words"]
    alphabet: Alphabet  # a symbol outside it is an error


class PairsSettings(_ShuffledDataset):
    """A CSV of number sequences and a number each; the number is predicted."""

    task: ClassVar[Task] = "regress"
    format: Literal["pairs"]
    inputs: Column  # holds the sequence
    separator: str  # between its values; empty: each character is a value
    target: Column


class SeriesSettings(_Dataset):
    """A long CSV of date, store, item and sales, reduced to one series; the next day is predicted."""

    task: ClassVar[Task] = "forecast"
    format: Literal["series"]
    date: Column
    store: Column
    item: Column
    sales: Column
    stores: Literal["all"] | Annotated[tuple[int | str, ...], Field(strict=False, min_length=1)]
    items: Literal["all"] | Annotated[tuple[int | str, ...], Field(strict=False, min_length=1)]
    reduce: Literal["mean", "sum"]
    season: Positive  # days after which the series is expected to repeat


class LabelledSettings(_ShuffledDataset):
    """Labelled texts: a CSV, or a folder or zip of LABEL.txt files; the label is predicted."""

    task: ClassVar[Task] = "classify"
    format: Literal["labelled"]
    text: Column  # CSV only
    label: Column  # CSV only
    members: Column  # folder or zip only: which files, as a pattern
    megabytes: Positive  # refuse a zip that unpacks to more


class TextSettings(_Dataset):
    """A text; the next character is predicted."""

    task: ClassVar[Task] = "next-symbol"
    format: Literal["text"]
    alphabet: Alphabet | Literal["any"]  # letters are lowered to fit; what does not fit becomes one space
    skip: Annotated[int, Field(ge=0)]  # characters left out at the start, after cleaning
    limit: Annotated[int, Field(ge=0)]  # characters used, after cleaning; 0: all
    megabytes: Positive  # refuse a zip that unpacks to more


class WindowsSettings(_Dataset):
    """Windows cut from a text, each labelled with the class of the character that follows it."""

    task: ClassVar[Task] = "classify"
    format: Literal["windows"]
    alphabet: Alphabet
    skip: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=0)]
    megabytes: Positive
    width: Positive  # characters a window
    stride: Positive  # characters from one window's start to the next
    classes: dict[str, Column]  # class: its characters; other followers are left out

    @model_validator(mode="after")
    def _classes_fit(self) -> Self:
        members = "".join(self.classes.values())
        if len(self.classes) < 2:
            raise ValueError("classes must name at least two classes")
        if len(set(members)) < len(members):
            raise ValueError("classes must not share a character")
        if outside := sorted(set(members) - set(self.alphabet)):
            raise ValueError(f"classes hold {outside[0]!r}, which is not in the alphabet")
        return self


DatasetSettings = WordsSettings | PairsSettings | SeriesSettings | LabelledSettings | TextSettings | WindowsSettings

FORMATS: dict[str, type[DatasetSettings]] = {
    "words": WordsSettings,
    "pairs": PairsSettings,
    "series": SeriesSettings,
    "labelled": LabelledSettings,
    "text": TextSettings,
    "windows": WindowsSettings,
}
