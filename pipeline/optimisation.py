"""Optimisers, the clipping of gradients, and the learning rate over a training.

The optimisers are torch's kernels without `torch.optim` around them, which takes longer than the kernels
do for a small network, and a second for the import of torch's compiler at its first step.
"""

import math
from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor, nn

from pipeline.settings.models import Constant, Cosine, ModelSettings, OneCycle, Step

BETA1, EPSILON = 0.9, 1e-8  # of Adam, as torch.optim has them


class Rule(Protocol):
    """How weights follow their gradients."""

    def memory(self) -> dict[str, list[Tensor]]:
        """Return by name what the rule remembers from step to step, a tensor a weight."""

    def step(self, weights: list[Tensor], gradients: list[Tensor], rate: float) -> None:
        """Change the weights, and perhaps the gradients, in place."""


class Descent:
    """Stochastic gradient descent with momentum, as `torch.optim.SGD`."""

    def __init__(self, weights: list[Tensor], momentum: float, decay: float) -> None:
        self.momentum, self.decay = momentum, decay
        self.mean = [torch.zeros_like(weight) for weight in weights] if momentum else []

    def memory(self) -> dict[str, list[Tensor]]:
        """Return the running sums of gradients, if there is momentum."""
        return {"mean": self.mean}

    def step(self, weights: list[Tensor], gradients: list[Tensor], rate: float) -> None:
        """Go against the running sum of gradients, to which the weights' decay belongs."""
        if self.decay:
            torch._foreach_add_(gradients, weights, alpha=self.decay)
        if self.momentum:
            torch._foreach_mul_(self.mean, self.momentum)
            torch._foreach_add_(self.mean, gradients)
            gradients = self.mean
        torch._foreach_add_(weights, gradients, alpha=-rate)


class Adam:
    """Adam, its weight decay in the gradients, or beside them (decoupled, AdamW), as in `torch.optim`."""

    def __init__(self, weights: list[Tensor], beta2: float, decay: float, decoupled: bool) -> None:
        self.beta2, self.decay, self.kernel = beta2, decay, torch._fused_adamw_ if decoupled else torch._fused_adam_
        self.mean = [torch.zeros_like(weight) for weight in weights]
        self.square = [torch.zeros_like(weight) for weight in weights]
        self.steps = [torch.zeros((), device=weight.device) for weight in weights]

    def memory(self) -> dict[str, list[Tensor]]:
        """Return the running means of gradients and of their squares, and the steps taken."""
        return {"mean": self.mean, "square": self.square, "steps": self.steps}

    def step(self, weights: list[Tensor], gradients: list[Tensor], rate: float) -> None:
        """Go against the mean gradient over the root of the mean square, both corrected for their start."""
        torch._foreach_add_(self.steps, 1)
        self.kernel(
            *(weights, gradients, self.mean, self.square, [], self.steps),
            lr=rate,
            beta1=BETA1,
            beta2=self.beta2,
            eps=EPSILON,
            weight_decay=self.decay,
            amsgrad=False,
            maximize=False,
        )


class Optimiser:
    """The weights of a model and the rule by which they follow their gradients, at a rate that may be set."""

    def __init__(self, weights: list[Tensor], rule: Rule, rate: float) -> None:
        self.weights, self.rule, self.rate = weights, rule, rate

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for weight in self.weights:
            weight.grad = None

    @torch.no_grad()
    def clip(self, limit: float) -> None:
        """Shorten the gradients, seen as one vector, to a length of at most `limit`."""
        gradients = self._gradients()
        length = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        torch._foreach_mul_(gradients, (limit / (length + 1e-6)).clamp_(max=1))  # no waiting to see whether it must

    @torch.no_grad()
    def step(self) -> None:
        """Take a step; the gradients may be used up."""
        self.rule.step(self.weights, self._gradients(), self.rate)

    def state(self) -> dict[str, Tensor]:
        """Return what is remembered from step to step, as it stands; the rate is set anew for each step."""
        parts = self.rule.memory().items()
        return {f"{name}.{place}": tensor for name, tensors in parts for place, tensor in enumerate(tensors)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned, of an optimiser of the same weights and rule."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])

    def _gradients(self) -> list[Tensor]:
        return [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in self.weights]


def build(settings: ModelSettings, model: nn.Module) -> Optimiser:
    """Build the optimiser that a model's block names."""
    weights: list[Tensor] = list(model.parameters())
    rule: Rule
    if settings.optimiser == "sgd":
        rule = Descent(weights, settings.momentum, settings.weight_decay)
    else:
        rule = Adam(weights, settings.beta2, settings.weight_decay, decoupled=settings.optimiser == "adamw")
    return Optimiser(weights, rule, settings.rate)


def rate_at(settings: ModelSettings, progress: float) -> float:
    """Return the learning rate after `progress` epochs (fractions are batches of an epoch)."""
    schedule, done = settings.schedule, progress / settings.epochs
    match schedule:
        case Constant():
            return settings.rate
        case Step():
            return settings.rate * schedule.factor ** (int(progress) // schedule.every)
        case Cosine():
            return settings.rate * _half_cosine(done)
        case OneCycle():
            if done < schedule.warmup:
                return settings.rate * (1 - 0.96 * _half_cosine(done / schedule.warmup))
            return settings.rate * _half_cosine((done - schedule.warmup) / (1 - schedule.warmup))


def _half_cosine(done: float) -> float:
    """Fall from 1 to 0 as `done` goes from 0 to 1."""
    return (1 + math.cos(math.pi * done)) / 2
