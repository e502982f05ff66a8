"""The blocks of params.yaml as frozen objects: sources, data sets and models.

docs/adding-a-dataset.md and docs/adding-a-model.md explain how to write a block.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

# Names become folders, DVC stages and dotted params paths, so they have no dots or spaces.
NAME = r"[a-z0-9][a-z0-9-]*"

# Names in the results beside those of the models; further baselines are named `baseline-...`.
BASELINE, BOUND = "baseline", "bound"

Task = Literal["next-symbol", "classify", "regress", "forecast"]
Size = Annotated[int, Field(gt=0, le=10**9)]
Width = Annotated[int, Field(gt=0, le=2**16)]  # units of a layer
Count = Annotated[int, Field(ge=0, le=10**12)]
NotNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]
Column = Annotated[str, StringConstraints(min_length=1)]
PATH, SHA256, URL = r"^[^/~].*$", r"^[0-9a-f]{64}$", r"^(https?|file)://\S+$"  # patterns
ProjectPath = Annotated[str, StringConstraints(pattern=PATH)]  # relative to the project's folder

DEFAULT_BETA2 = 0.999

UNKNOWN = "\ufffd"  # shown for symbols that no training row has


def _has_no_unknown(alphabet: str) -> str:
    if UNKNOWN in alphabet:
        raise ValueError("found U+FFFD, which is reserved for unknown symbols; leave it out")
    return alphabet


Alphabet = Annotated[str, StringConstraints(min_length=2), AfterValidator(_has_no_unknown)]


def _all_differ(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("a seed is listed twice; wanted different ones")
    return seeds


Seed = Annotated[int, Field(ge=0, lt=2**31)]
Seeds = Annotated[tuple[Seed, ...], Field(strict=False, min_length=1, max_length=100), AfterValidator(_all_differ)]


def is_baseline(name: str) -> bool:
    """Return whether a name in the results is a baseline's."""
    return name == BASELINE or name.startswith(f"{BASELINE}-")


def is_reference(name: str) -> bool:
    """Return whether a name in the results is a baseline's or the bound's, not a model's."""
    return name == BOUND or is_baseline(name)


class Block(BaseModel):
    """A frozen block of params that refuses unknown keys and converts no types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class BibleSource(Block):
    """Books of the American Standard Version (1901, public domain), from an installed package."""

    kind: Literal["bible"]
    books: Literal["psalms", "all-but-psalms"]
    file: ProjectPath


class UrlSource(Block):
    """A file behind an http, https or file address, refused unless its digest matches."""

    kind: Literal["url"]
    url: Annotated[str, StringConstraints(pattern=URL)]
    sha256: Annotated[str, StringConstraints(pattern=SHA256)]
    max_megabytes: Size  # a larger file is refused
    file: ProjectPath


SourceParams = BibleSource | UrlSource

KINDS: dict[str, type[SourceParams]] = {"bible": BibleSource, "url": UrlSource}


class _DatasetParams(Block):
    """Params of every data set: the raw file and how it is split."""

    task: ClassVar[Task]
    raw: ProjectPath
    validation: Fraction  # of the rows; choices are made on them
    test: Fraction  # of the rows; no choice is made on them
    refit: bool  # also train on all rows, and report that fit on them as split `all_rows`

    @model_validator(mode="after")
    def _leaves_training_rows(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("validation + test must stay below 1")
        if (self.validation == 0) != (self.test == 0):
            raise ValueError("validation and test are either both 0 (nothing is held out) or both above")
        if self.test == 0 and not self.refit:
            raise ValueError("refit must be true where nothing is held out, or nothing would be reported")
        return self


class _ShuffledParams(_DatasetParams):
    """Params of a data set whose rows are split at random."""

    split_seed: Annotated[int, Field(ge=0)]


class WordsParams(_ShuffledParams):
    """A list of words, one a line; the next letter is predicted."""

    task: ClassVar[Task] = "next-symbol"
    format: Literal["words"]
    alphabet: Alphabet  # a symbol outside it is an error


class PairsParams(_ShuffledParams):
    """A CSV of number sequences and a number each; the number is predicted."""

    task: ClassVar[Task] = "regress"
    format: Literal["pairs"]
    inputs: Column  # has the sequence
    separator: str  # between its values; empty: each character is a value
    target: Column


class SeriesParams(_DatasetParams):
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
    season: Size  # days after which the series is expected to repeat


class LabelledParams(_ShuffledParams):
    """Labelled texts: a CSV, or a folder or zip of LABEL.txt files; the label is predicted."""

    task: ClassVar[Task] = "classify"
    format: Literal["labelled"]
    text: Column  # CSV only
    label: Column  # CSV only
    members: Column  # folder or zip only: which files, as a pattern
    max_megabytes: Size  # a zip that unpacks to more is refused


class TextParams(_DatasetParams):
    """A text; the next character is predicted."""

    task: ClassVar[Task] = "next-symbol"
    format: Literal["text"]
    alphabet: Alphabet | Literal["any"]  # capitals become small letters to fit; what does not fit becomes one space
    skip: Count  # characters left out at the start, after cleaning
    limit: Count  # characters used, after cleaning; 0: all
    max_megabytes: Size  # a zip that unpacks to more is refused


class WindowsParams(_DatasetParams):
    """Windows cut from a text, each labelled with the class of the character that follows it."""

    task: ClassVar[Task] = "classify"
    format: Literal["windows"]
    alphabet: Alphabet
    skip: Count  # as in `text`
    limit: Count
    max_megabytes: Size
    width: Size  # characters in a window
    stride: Size  # characters from one window's start to the next
    classes: dict[str, Column]  # class: its characters; windows followed by others are left out

    @model_validator(mode="after")
    def _classes_fit(self) -> Self:
        members = "".join(self.classes.values())
        if len(self.classes) < 2:
            raise ValueError("classes must name at least two classes")
        if len(set(members)) < len(members):
            raise ValueError("classes must not share a character")
        if outside := sorted(set(members) - set(self.alphabet)):
            raise ValueError(f"classes has {outside[0]!r}, which is not in the alphabet")
        return self


DatasetParams = WordsParams | PairsParams | SeriesParams | LabelledParams | TextParams | WindowsParams

FORMATS: dict[str, type[DatasetParams]] = {
    "words": WordsParams,
    "pairs": PairsParams,
    "series": SeriesParams,
    "labelled": LabelledParams,
    "text": TextParams,
    "windows": WindowsParams,
}


class ConstantSchedule(Block):
    """A learning rate that stays as it is."""

    kind: Literal["constant"]


class StepSchedule(Block):
    """A learning rate that is multiplied by `factor` after each `every` epochs."""

    kind: Literal["step"]
    every: Size  # epochs
    factor: Annotated[float, Field(gt=0, le=1)]


class CosineSchedule(Block):
    """A learning rate that falls to zero along half a cosine, a step at a time."""

    kind: Literal["cosine"]


class OneCycleSchedule(Block):
    """A learning rate that rises to `learning_rate` over `warmup` of the steps, then falls to near zero."""

    kind: Literal["one-cycle"]
    warmup: Annotated[float, Field(gt=0, lt=1)]


Schedule = Annotated[ConstantSchedule | StepSchedule | CosineSchedule | OneCycleSchedule, Field(discriminator="kind")]


class ModelParams(Block):
    """A model's block, completed from the block `defaults`: the network and its training."""

    dataset: str
    seeds: Seeds  # one training each
    cell: Literal["linear", "scratch", "rnn", "gru", "lstm"]
    layers: Annotated[int, Field(gt=0, le=100)]
    hidden_size: Width | Annotated[tuple[Width, ...], Field(strict=False, min_length=1)]  # of all layers, or of each
    bidirectional: bool
    dropout: Fraction  # between layers
    input_dropout: Fraction  # of the encoded inputs
    output_dropout: Fraction  # of the head's inputs
    input: Literal["one-hot", "embedding", "values", "flat"]  # flat: the window as one step
    embedding_size: Width | None = None  # for input embedding only
    head: Literal["none", "linear", "linear-relu"]
    scaling: Literal["none", "standard"]  # of numbers read and predicted, by the training rows' mean and deviation
    optimiser: Literal["sgd", "adam", "adamw"]
    learning_rate: Annotated[float, Field(gt=0)]
    momentum: Fraction  # of optimiser sgd
    beta2: Annotated[float, Field(gt=0, lt=1)]  # decay of Adam's mean square
    weight_decay: NotNegative
    schedule: Schedule
    gradient_clip: NotNegative  # largest norm of the gradient; 0: no clipping
    batch_size: Size  # sequences
    epochs: Size
    patience: Annotated[int, Field(ge=0)]  # epochs without a better validation loss before training stops; 0: never
    supervision: Literal["task", "every-step"]  # every-step: the loss is taken after each symbol of a window
    sampling: Literal["shuffled", "sequential", "balanced", "consecutive", "random"]
    sequence_length: Size | None = None  # steps of a text read at a time
    window: Size | None = None  # lags of a series

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """Return the hidden size of each layer."""
        return self.hidden_size if isinstance(self.hidden_size, tuple) else (self.hidden_size,) * self.layers

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if isinstance(self.hidden_size, tuple) and len(self.hidden_size) != self.layers:
            raise ValueError(f"hidden_size lists {len(self.hidden_size)} sizes for {self.layers} layers")
        if (self.input == "embedding") != (self.embedding_size is not None):
            raise ValueError("embedding_size goes with input embedding, and only with it")
        if self.momentum and self.optimiser != "sgd":
            raise ValueError(f"momentum goes with optimiser sgd, not {self.optimiser}")
        if self.beta2 != DEFAULT_BETA2 and self.optimiser == "sgd":
            raise ValueError(f"beta2 goes with optimiser adam or adamw; for sgd leave it at {DEFAULT_BETA2}")
        if self.supervision == "every-step" and self.bidirectional:
            raise ValueError("supervision every-step needs bidirectional: false; a backward cell has read the answer")
        if self.dropout and self.layers == 1:
            raise ValueError("dropout is between layers, and there is only one")
        return self
