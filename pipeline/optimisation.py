"""Optimisers, and the learning rate over a training."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from pipeline.settings.models import Constant, Cosine, ModelSettings, OneCycle, Step


def build(settings: ModelSettings, model: nn.Module) -> torch.optim.Optimizer:
    """Build the optimiser that a model's block names."""
    weights, decay, rate = list(model.parameters()), settings.weight_decay, settings.rate
    fused = weights[0].device.type in ("cpu", "cuda")  # one kernel for all weights, where there is one
    if settings.optimiser == "sgd":
        return torch.optim.SGD(weights, lr=rate, momentum=settings.momentum, weight_decay=decay, fused=fused)
    kind = torch.optim.Adam if settings.optimiser == "adam" else torch.optim.AdamW
    return kind(weights, lr=rate, weight_decay=decay, fused=fused)


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


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give all weights of an optimiser one learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def state(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return what an optimiser remembers from step to step, by the number of the weight and the name."""
    remembered = optimiser.state_dict()["state"]
    return {
        f"{index}/{name}": value
        for index, values in remembered.items()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }


def restore(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimiser what `state` returned."""
    remembered: dict[int, dict[str, Tensor]] = {}
    for place, value in tensors.items():
        index, _, name = place.partition("/")
        remembered.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": remembered, "param_groups": optimiser.state_dict()["param_groups"]})


def _half_cosine(done: float) -> float:
    """Fall from 1 to 0 as `done` goes from 0 to 1."""
    return (1 + math.cos(math.pi * done)) / 2
