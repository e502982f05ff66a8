"""Optimisers, gradient clipping, and the learning-rate schedule.

The optimisers are torch's in their functional form. The classes of `torch.optim` import torch's compiler at their
first step, which takes a second or two in each worker.
"""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.optim.adam import adam
from torch.optim.adamw import adamw
from torch.optim.rmsprop import rmsprop
from torch.optim.sgd import sgd

from pipeline.params.models import ConstantSchedule, CosineSchedule, ModelParams, OneCycleSchedule, StepSchedule

BETA1, ALPHA, EPSILON = 0.9, 0.99, 1e-8  # of Adam, of RMSprop, of both, as torch.optim has them
ONE_CYCLE_START = 0.04  # the share of the highest learning rate that the warm-up begins with


class UpdateRule(Protocol):
    """An update rule: how a step changes the weights."""

    def memory(self) -> dict[str, list[Tensor]]:
        """Return by name what the rule keeps from step to step, a tensor for each weight."""

    def step(self, weights: list[Tensor], gradients: list[Tensor], learning_rate: float | Tensor) -> None:
        """Change the weights, and perhaps the gradients, in place; on a GPU the learning rate may be a tensor there."""


class SGD:
    """Stochastic gradient descent with momentum."""

    def __init__(self, weights: list[Tensor], momentum: float, weight_decay: float) -> None:
        self.momentum, self.weight_decay = momentum, weight_decay
        self.buffers: list[Tensor | None] = [torch.zeros_like(weight) if momentum else None for weight in weights]

    def memory(self) -> dict[str, list[Tensor]]:
        """Return the running sums of gradients, if there is momentum."""
        return {"momentum": [buffer for buffer in self.buffers if buffer is not None]}

    def step(self, weights: list[Tensor], gradients: list[Tensor], learning_rate: float | Tensor) -> None:
        """Subtract learning_rate times the gradients, or with momentum times their running sum m = momentum m + g."""
        fused = isinstance(learning_rate, Tensor)  # the other implementation would wait for the GPU to read it
        sgd(
            weights,
            gradients,
            self.buffers,
            foreach=not fused,
            fused=fused,
            weight_decay=self.weight_decay,
            momentum=self.momentum,
            lr=learning_rate,  # type: ignore[arg-type]  # may be a tensor, as in the class
            dampening=0.0,
            nesterov=False,
            maximize=False,
        )


class Adam:
    """Adam, or AdamW with decoupled weight decay."""

    def __init__(self, weights: list[Tensor], beta2: float, weight_decay: float, decoupled: bool) -> None:
        self.beta2, self.weight_decay, self.decoupled = beta2, weight_decay, decoupled
        self.mean = [torch.zeros_like(weight) for weight in weights]
        self.square = [torch.zeros_like(weight) for weight in weights]
        self.steps = [torch.zeros((), device=weight.device) for weight in weights]

    def memory(self) -> dict[str, list[Tensor]]:
        """Return the running means of gradients and of their squares, and the steps taken."""
        return {"mean": self.mean, "square": self.square, "steps": self.steps}

    def step(self, weights: list[Tensor], gradients: list[Tensor], learning_rate: float | Tensor) -> None:
        """Subtract learning_rate * mean / (sqrt(square) + epsilon), both means corrected for their zero start."""
        update = adamw if self.decoupled else adam
        update(
            weights,
            gradients,
            self.mean,
            self.square,
            [],
            self.steps,
            fused=True,
            amsgrad=False,
            beta1=BETA1,
            beta2=self.beta2,
            lr=learning_rate,
            weight_decay=self.weight_decay,
            eps=EPSILON,
            maximize=False,
        )


class RMSprop:
    """RMSprop with momentum."""

    def __init__(self, weights: list[Tensor], momentum: float, weight_decay: float) -> None:
        self.momentum, self.weight_decay = momentum, weight_decay
        self.square = [torch.zeros_like(weight) for weight in weights]
        self.buffers = [torch.zeros_like(weight) for weight in weights] if momentum else []
        # torch counts steps, and computes nothing from them.
        self.steps = [torch.zeros((), device=weight.device) for weight in weights]

    def memory(self) -> dict[str, list[Tensor]]:
        """Return the running mean of squared gradients, and if there is momentum the running sum of updates."""
        return {"square": self.square, "momentum": self.buffers}

    def step(self, weights: list[Tensor], gradients: list[Tensor], learning_rate: float | Tensor) -> None:
        """Subtract learning_rate times u = g / (sqrt(square) + epsilon), or times the sum m = momentum m + u."""
        rmsprop(
            weights,
            gradients,
            self.square,
            [],
            self.buffers,
            self.steps,
            foreach=True,
            capturable=isinstance(learning_rate, Tensor),  # reads it without waiting for the GPU
            lr=learning_rate,  # type: ignore[arg-type]  # may be a tensor, as in the class
            alpha=ALPHA,
            eps=EPSILON,
            weight_decay=self.weight_decay,
            momentum=self.momentum,
            centered=False,
        )


class Optimiser:
    """The weights of a network and their update rule, with a learning rate that may be set before each step."""

    def __init__(self, weights: list[Tensor], rule: UpdateRule, learning_rate: float) -> None:
        self.weights, self.rule, self.learning_rate = weights, rule, learning_rate
        self.learning_rate_tensor: Tensor | None = None  # that steps read in its place, as recorded ones must

    def zero_grad(self) -> None:
        """Drop the gradients."""
        for weight in self.weights:
            weight.grad = None

    @torch.no_grad()
    def clip_gradients(self, max_norm: float) -> None:
        """Scale the gradients so that their total norm is at most `max_norm`.

        On the CPU, the bytes of `nn.utils.clip_grad_norm_` in half of its time, which is a fiftieth of a small
        network's step. On a GPU torch needs far fewer kernels.
        """
        if self.weights[0].is_cuda:
            nn.utils.clip_grad_norm_(self.weights, max_norm)
            return
        gradients = self._gradients()
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(each) for each in gradients]))
        factor = (max_norm / (norm + 1e-6)).clamp_(max=1)  # without waiting for the device
        for each in gradients:
            each.mul_(factor)

    @torch.no_grad()
    def step(self) -> None:
        """Update the weights; the gradients may be overwritten."""
        rate = self.learning_rate if self.learning_rate_tensor is None else self.learning_rate_tensor
        self.rule.step(self.weights, self._gradients(), rate)

    def state(self) -> dict[str, Tensor]:
        """Return what is kept from step to step, not copied; the learning rate is set before each step."""
        parts = self.rule.memory().items()
        return {f"{name}.{index}": tensor for name, tensors in parts for index, tensor in enumerate(tensors)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Copy a state from `state`, of an optimiser with the same weights and rule."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])

    def _gradients(self) -> list[Tensor]:
        return [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in self.weights]


RULES: Mapping[str, Callable[[ModelParams, list[Tensor]], UpdateRule]] = {
    "sgd": lambda params, weights: SGD(weights, params.momentum, params.weight_decay),
    "rmsprop": lambda params, weights: RMSprop(weights, params.momentum, params.weight_decay),
    "adam": lambda params, weights: Adam(weights, params.beta2, params.weight_decay, decoupled=False),
    "adamw": lambda params, weights: Adam(weights, params.beta2, params.weight_decay, decoupled=True),
}


def build_optimiser(params: ModelParams, model: nn.Module) -> Optimiser:
    """Return the optimiser that a model's block names."""
    weights: list[Tensor] = list(model.parameters())
    return Optimiser(weights, RULES[params.optimiser](params, weights), params.learning_rate)


def learning_rate_at(params: ModelParams, epochs: float) -> float:
    """Return the learning rate of the schedule after so many epochs; fractions are batches of an epoch."""
    schedule, done = params.schedule, epochs / params.epochs
    match schedule:
        case ConstantSchedule():
            return params.learning_rate
        case StepSchedule():
            return params.learning_rate * schedule.factor ** (int(epochs) // schedule.every)
        case CosineSchedule():
            return params.learning_rate * _half_cosine(done)
        case OneCycleSchedule():
            if done < schedule.warmup:
                return params.learning_rate * (1 - (1 - ONE_CYCLE_START) * _half_cosine(done / schedule.warmup))
            return params.learning_rate * _half_cosine((done - schedule.warmup) / (1 - schedule.warmup))


def _half_cosine(done: float) -> float:
    """Return a value that falls from 1 to 0 as `done` goes from 0 to 1."""
    return (1 + math.cos(math.pi * done)) / 2
