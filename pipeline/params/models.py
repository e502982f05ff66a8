"""The blocks of section `models`: the network and its training; docs/adding-a-model.md explains each key."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from pipeline.params.schema import Block, Fraction, NotNegative, Seed, Size, Steps

Width = Annotated[int, Field(gt=0, le=2**16)]  # units of a layer

DEFAULT_BETA2 = 0.999
WITH_MOMENTUM = ("sgd", "rmsprop")  # optimisers that take a momentum; the others take beta2
DRAWN = ("balanced", "drawn")  # samplings that draw rows with replacement, so that an epoch may have any number of them


def _all_differ(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("a seed is listed twice; wanted different ones")
    return seeds


Seeds = Annotated[tuple[Seed, ...], Field(strict=False, min_length=1, max_length=100), AfterValidator(_all_differ)]


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


Prefix = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class SamplesParams(Block):
    """Texts that a network writes while it is trained: it continues each prefix with the most likely symbols."""

    every: Size  # epochs
    length: Steps  # symbols
    prefixes: Annotated[tuple[Prefix, ...], Field(strict=False, min_length=1, max_length=100)]


class ModelParams(Block):
    """A model's block, completed from the block `defaults`: the network and its training."""

    dataset: str
    seeds: Seeds  # one training each
    cell: Literal["linear", "scratch", "rnn", "rnn-relu", "gru", "lstm"]
    layers: Annotated[int, Field(gt=0, le=100)]
    hidden_size: (
        Width | Annotated[tuple[Width, ...], Field(strict=False, min_length=1, max_length=100)]
    )  # of all layers, or of each
    bidirectional: bool
    dropout: Fraction  # between layers
    input_dropout: Fraction  # of the encoded inputs
    output_dropout: Fraction  # of the head's inputs
    input: Literal["one-hot", "embedding", "values", "flat"]  # flat: all numbers of a sequence or window as one step
    embedding_size: Width | None = None  # for input embedding only
    head: Literal["none", "linear", "linear-relu"]
    initialisation: Literal["uniform", "normal"]  # of the weights of layers and head
    scaling: Literal["none", "standard", "min-max"]  # of numbers read and predicted, by those of the training rows
    optimiser: Literal["sgd", "rmsprop", "adam", "adamw"]
    learning_rate: Annotated[float, Field(ge=0, le=1e30)]  # networks have 32-bit numbers, up to 3e38
    momentum: Fraction  # of optimisers sgd and rmsprop
    beta2: Annotated[float, Field(gt=0, lt=1)]  # decay of Adam's mean square
    weight_decay: NotNegative
    schedule: Schedule
    gradient_clip: NotNegative  # largest norm of the gradient; 0: no clipping
    batch_size: Size  # sequences
    epochs: Size
    steps_per_epoch: Size | None  # of optimiser steps; None: as many as one pass over the rows has
    patience: Annotated[
        int, Field(ge=0, le=10**6)
    ]  # epochs without a better validation loss before training stops; 0: never
    supervision: Literal["task", "every-step"]  # every-step: the loss is taken after each symbol of a window
    sampling: Literal["shuffled", "sequential", "balanced", "drawn", "consecutive", "random"]
    offset: Literal["random", "fixed"]  # where in a text an epoch starts; fixed: at the first symbol
    samples: SamplesParams | None  # for models that write text
    sequence_length: Steps | None = None  # steps of a text read at a time
    window: Steps | None = None  # lags of a series

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """Return the hidden size of each layer."""
        return self.hidden_size if isinstance(self.hidden_size, tuple) else (self.hidden_size,) * self.layers

    @property
    def output_size(self) -> int | None:
        """Return the outputs of the last layer; None where they depend on the size of its inputs."""
        if self.cell == "linear":
            return None
        return self.hidden_sizes[-1] * (2 if self.bidirectional else 1)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if isinstance(self.hidden_size, tuple) and len(self.hidden_size) != self.layers:
            raise ValueError(f"hidden_size lists {len(self.hidden_size)} sizes for {self.layers} layers")
        if (self.input == "embedding") != (self.embedding_size is not None):
            raise ValueError("embedding_size goes with input embedding, and only with it")
        if self.momentum and self.optimiser not in WITH_MOMENTUM:
            raise ValueError(f"momentum goes with optimiser {' or '.join(WITH_MOMENTUM)}, not {self.optimiser}")
        if self.beta2 != DEFAULT_BETA2 and self.optimiser in WITH_MOMENTUM:
            raise ValueError(
                f"beta2 goes with optimiser adam or adamw; for {self.optimiser} leave it at {DEFAULT_BETA2}"
            )
        if self.steps_per_epoch is not None and self.sampling not in DRAWN:
            raise ValueError(f"steps_per_epoch goes with sampling {' or '.join(DRAWN)}, not {self.sampling}")
        if self.supervision == "every-step" and self.bidirectional:
            raise ValueError("supervision every-step needs bidirectional: false; a backward cell has read the answer")
        if self.dropout and self.layers == 1:
            raise ValueError("dropout is between layers, and there is only one")
        return self
