"""The `models` blocks: what a network is made of and how it is trained."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.settings.block import Block, Fraction

Size = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]

USUAL_BETA2 = 0.999


class Constant(Block):
    """A learning rate that stays as it is."""

    kind: Literal["constant"]


class Step(Block):
    """A learning rate that is multiplied by `factor` each `every` epochs."""

    kind: Literal["step"]
    every: Size
    factor: Annotated[float, Field(gt=0, le=1)]


class Cosine(Block):
    """A learning rate that falls to zero along half a cosine, a step at a time."""

    kind: Literal["cosine"]


class OneCycle(Block):
    """A learning rate that rises to `rate` over `warmup` of the steps, then falls to near zero."""

    kind: Literal["one-cycle"]
    warmup: Annotated[float, Field(gt=0, lt=1)]


Schedule = Annotated[Constant | Step | Cosine | OneCycle, Field(discriminator="kind")]


class ModelSettings(Block):
    """A model's block, completed from the `training` block where it says nothing itself."""

    dataset: str
    cell: Literal["linear", "scratch", "rnn", "gru", "lstm"]
    layers: Size
    hidden: Size | Annotated[tuple[Size, ...], Field(strict=False, min_length=1)]  # each layer's, or all layers'
    direction: Literal["forward", "both"]
    dropout: Fraction  # between layers
    input_dropout: Fraction  # of the encoded inputs
    output_dropout: Fraction  # of what the head reads
    input: Literal["one-hot", "embedding", "values", "flat"]  # flat: the window as one step
    embedding: Size | None = None  # size; for input embedding only
    head: Literal["none", "linear", "linear-relu"]
    scaling: Literal["none", "standard"]  # of numbers read and predicted, by the training rows' mean and spread
    optimiser: Literal["sgd", "adam", "adamw"]
    rate: Rate
    momentum: Fraction  # of optimiser sgd
    beta2: Annotated[float, Field(gt=0, lt=1)]  # decay of Adam's mean square
    weight_decay: NotNegative
    schedule: Schedule
    clip: NotNegative  # largest norm of the gradient; 0: no clipping
    batch: Size  # sequences
    epochs: Size
    patience: Count  # epochs without a better validation loss before training stops; 0: never
    supervision: Literal["task", "every-step"]  # trained on what the task asks, or asked after each symbol of a window
    sampling: Literal["shuffled", "listed", "draws", "consecutive", "random"]
    window: Size | None = None  # steps read at a time, for texts and series

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """Return the hidden size of each layer."""
        return self.hidden if isinstance(self.hidden, tuple) else (self.hidden,) * self.layers

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if len(self.hidden_sizes) != self.layers:
            raise ValueError(f"hidden lists {len(self.hidden_sizes)} sizes for {self.layers} layers")
        if (self.input == "embedding") != (self.embedding is not None):
            raise ValueError("embedding (its size) goes with input embedding, and only with it")
        if self.momentum and self.optimiser != "sgd":
            raise ValueError(f"momentum goes with optimiser sgd, not {self.optimiser}")
        if self.beta2 != USUAL_BETA2 and self.optimiser == "sgd":
            raise ValueError(f"beta2 goes with optimiser adam or adamw; for sgd leave it at {USUAL_BETA2}")
        if self.supervision == "every-step" and self.direction == "both":
            raise ValueError(
                "supervision every-step goes with direction forward: what reads backward has seen the answer"
            )
        if self.dropout and self.layers == 1:
            raise ValueError("dropout stands between layers, and there is only one")
        return self
