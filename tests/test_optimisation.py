import itertools
import math

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from pipeline import optimisation
from tests.small import model_settings

EPOCHS = 12


def rates(schedule, steps=1, **changes):
    settings = model_settings(rate=0.5, epochs=EPOCHS, schedule=schedule, **changes)
    return [optimisation.rate_at(settings, step / steps) for step in range(EPOCHS * steps)]


def torchs(scheduler, **options):
    """Return the rates at which torch's own scheduler trains each epoch."""
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.5)
    schedule, found = scheduler(optimiser, **options), []
    for _ in range(EPOCHS):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return found


def test_a_constant_rate():
    assert rates({"kind": "constant"}, steps=3) == [0.5] * 36


def test_steps_are_torchs():
    found = rates({"kind": "step", "every": 5, "factor": 0.1})
    assert found == pytest.approx(torchs(lr_scheduler.StepLR, step_size=5, gamma=0.1), rel=1e-12)
    assert found == pytest.approx([0.5] * 5 + [0.05] * 5 + [0.005] * 2)


def test_a_step_is_taken_between_epochs_alone():
    found = rates({"kind": "step", "every": 1, "factor": 0.5}, steps=4)
    assert found == [0.5 * 0.5 ** (step // 4) for step in range(EPOCHS * 4)]


def test_the_cosine_is_torchs_at_the_start_of_each_epoch():
    assert rates({"kind": "cosine"}) == pytest.approx(torchs(lr_scheduler.CosineAnnealingLR, T_max=EPOCHS), abs=1e-12)


def test_the_cosine_falls_with_each_batch():
    found = rates({"kind": "cosine"}, steps=4)
    assert found[0] == 0.5
    assert found[24] == pytest.approx(0.25)
    assert all(later < earlier for earlier, later in itertools.pairwise(found))


def test_one_cycle_rises_to_the_rate_and_falls_to_near_nothing():
    found = rates({"kind": "one-cycle", "warmup": 0.25}, steps=4)
    assert found[0] == pytest.approx(0.5 / 25)
    assert found[12] == max(found) == 0.5
    assert found[6] == pytest.approx((0.5 + 0.02) / 2)  # half way up
    assert found[30] == pytest.approx(0.25)  # half way down
    assert 0 < found[-1] < 0.001
    assert found[:13] == sorted(found[:13])
    assert found[12:] == sorted(found[12:], reverse=True)


def test_one_cycle_is_torchs_but_for_its_ends():
    settings = model_settings(rate=0.5, epochs=1, schedule={"kind": "one-cycle", "warmup": 0.3})
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    steps = 1001
    schedule = lr_scheduler.OneCycleLR(optimiser, max_lr=0.5, total_steps=steps, pct_start=0.3, cycle_momentum=False)
    for step in range(steps):
        wanted = optimiser.param_groups[0]["lr"]
        assert optimisation.rate_at(settings, step / steps) == pytest.approx(wanted, abs=0.002)
        optimiser.step()
        if step + 1 < steps:
            schedule.step()


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"optimiser": "sgd", "momentum": 0.9, "weight_decay": 0.1}, torch.optim.SGD),
        ({"optimiser": "adam", "weight_decay": 0.1}, torch.optim.Adam),
        ({"optimiser": "adamw", "weight_decay": 0.1}, torch.optim.AdamW),
    ],
)
def test_an_optimiser_steps_as_torchs_own(changes, kind):
    settings = model_settings(rate=0.3, **changes)
    ours, torchs_own = nn.Linear(3, 1), nn.Linear(3, 1)
    torchs_own.load_state_dict(ours.state_dict())
    options = {key: value for key, value in changes.items() if key != "optimiser"}
    optimisers = optimisation.build(settings, ours), kind(torchs_own.parameters(), lr=0.3, fused=False, **options)
    assert type(optimisers[0]) is kind
    for _ in range(3):
        for model, optimiser in zip((ours, torchs_own), optimisers, strict=True):
            optimiser.zero_grad()
            model(torch.ones(1, 3)).square().sum().backward()
            optimiser.step()
    torch.testing.assert_close(ours.weight, torchs_own.weight)


def test_setting_the_rate_reaches_the_next_step():
    model = nn.Linear(1, 1, bias=False)
    before = model.weight.item()
    optimiser = optimisation.build(model_settings(optimiser="sgd", rate=0.5), model)
    optimisation.set_rate(optimiser, 0.25)
    model(torch.ones(1, 1)).sum().backward()
    optimiser.step()
    assert math.isclose(model.weight.item(), before - 0.25, rel_tol=1e-6)
