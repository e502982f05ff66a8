import itertools
import math
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from pipeline.training.optim import build_optimiser, learning_rate_at
from tests.support.project import REPOSITORY
from tests.support.small import model_params

EPOCHS = 12


def learning_rates(schedule, steps=1, **changes):
    params = model_params(learning_rate=0.5, epochs=EPOCHS, schedule=schedule, **changes)
    return [learning_rate_at(params, step / steps) for step in range(EPOCHS * steps)]


def torchs_learning_rates(scheduler, **options):
    """Return the learning rate that torch's scheduler gives each epoch."""
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.5)
    schedule, found = scheduler(optimiser, **options), []
    for _ in range(EPOCHS):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return found


def test_a_constant_learning_rate():
    assert learning_rates({"kind": "constant"}, steps=3) == [0.5] * 36


def test_steps_are_torchs():
    found = learning_rates({"kind": "step", "every": 5, "factor": 0.1})
    assert found == pytest.approx(torchs_learning_rates(lr_scheduler.StepLR, step_size=5, gamma=0.1), rel=1e-12)
    assert found == pytest.approx([0.5] * 5 + [0.05] * 5 + [0.005] * 2)


def test_a_step_is_taken_between_epochs_alone():
    found = learning_rates({"kind": "step", "every": 1, "factor": 0.5}, steps=4)
    assert found == [0.5 * 0.5 ** (step // 4) for step in range(EPOCHS * 4)]


def test_the_cosine_is_torchs_at_the_start_of_each_epoch():
    assert learning_rates({"kind": "cosine"}) == pytest.approx(
        torchs_learning_rates(lr_scheduler.CosineAnnealingLR, T_max=EPOCHS), abs=1e-12
    )


def test_the_cosine_falls_with_each_batch():
    found = learning_rates({"kind": "cosine"}, steps=4)
    assert found[0] == 0.5
    assert found[24] == pytest.approx(0.25)
    assert all(later < earlier for earlier, later in itertools.pairwise(found))


def test_one_cycle_rises_to_the_learning_rate_and_falls_to_near_zero():
    found = learning_rates({"kind": "one-cycle", "warmup": 0.25}, steps=4)
    assert found[0] == pytest.approx(0.5 / 25)
    assert found[12] == max(found) == 0.5
    assert found[6] == pytest.approx((0.5 + 0.02) / 2)  # half way up
    assert found[30] == pytest.approx(0.25)  # half way down
    assert 0 < found[-1] < 0.001
    assert found[:13] == sorted(found[:13])
    assert found[12:] == sorted(found[12:], reverse=True)


def test_one_cycle_is_torchs_but_for_its_ends():
    params = model_params(learning_rate=0.5, epochs=1, schedule={"kind": "one-cycle", "warmup": 0.3})
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    steps = 1001
    schedule = lr_scheduler.OneCycleLR(optimiser, max_lr=0.5, total_steps=steps, pct_start=0.3, cycle_momentum=False)
    for step in range(steps):
        wanted = optimiser.param_groups[0]["lr"]
        assert learning_rate_at(params, step / steps) == pytest.approx(wanted, abs=0.002)
        optimiser.step()
        if step + 1 < steps:
            schedule.step()


RULES = [
    ({"optimiser": "sgd"}, torch.optim.SGD),
    ({"optimiser": "sgd", "momentum": 0.9, "weight_decay": 0.1}, torch.optim.SGD),
    ({"optimiser": "rmsprop"}, torch.optim.RMSprop),
    ({"optimiser": "rmsprop", "momentum": 0.9, "weight_decay": 0.1}, torch.optim.RMSprop),
    ({"optimiser": "adam", "weight_decay": 0.1}, torch.optim.Adam),
    ({"optimiser": "adamw", "weight_decay": 0.1}, torch.optim.AdamW),
    ({"optimiser": "adam", "beta2": 0.9}, torch.optim.Adam),
]


def learn(model, optimiser, steps, clip=lambda: None):
    """Take steps towards a moving target."""
    for step in range(steps):
        optimiser.zero_grad()
        (model(torch.linspace(-1, 1, 12).view(4, 3)) - step).square().sum().backward()
        clip()
        optimiser.step()


def flat(model):
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


@pytest.mark.parametrize(("changes", "kind"), RULES)
def test_an_optimiser_takes_the_steps_of_torchs(changes, kind):
    portable, torchs = nn.Linear(3, 2), nn.Linear(3, 2)
    torchs.load_state_dict(portable.state_dict())
    options = {key: value for key, value in changes.items() if key not in ("optimiser", "beta2")}
    if "beta2" in changes:
        options["betas"] = (0.9, changes["beta2"])
    learn(portable, build_optimiser(model_params(learning_rate=0.05, **changes), portable), steps=20)
    fused = {} if kind is torch.optim.RMSprop else {"fused": True}
    learn(torchs, kind(torchs.parameters(), lr=0.05, **fused, **options), steps=20)
    torch.testing.assert_close(portable.weight, torchs.weight)
    if "sgd" not in changes.values():  # the same kernel
        assert torch.equal(flat(portable), flat(torchs))


@pytest.mark.parametrize(("changes", "kind"), RULES)
def test_an_optimiser_continues_from_its_state(changes, kind):
    params = model_params(learning_rate=0.05, **changes)
    whole, parted = nn.Linear(3, 2), nn.Linear(3, 2)
    parted.load_state_dict(whole.state_dict())
    learn(whole, optimiser := build_optimiser(params, whole), steps=3)
    learn(parted, before := build_optimiser(params, parted), steps=3)
    after = build_optimiser(params, parted)
    after.restore(before.state())
    learn(whole, optimiser, steps=3)
    learn(parted, after, steps=3)
    assert torch.equal(flat(whole), flat(parted))


@pytest.mark.parametrize("max_norm", [0.01, 5.0, 1e9])
def test_gradients_are_clipped_as_torch_clips_them(max_norm):
    portable, torchs = nn.Linear(3, 2), nn.Linear(3, 2)
    torchs.load_state_dict(portable.state_dict())
    optimiser = build_optimiser(model_params(optimiser="sgd", learning_rate=0.01), portable)
    learn(portable, optimiser, 5, lambda: optimiser.clip_gradients(max_norm))
    theirs = torch.optim.SGD(torchs.parameters(), lr=0.01)
    learn(torchs, theirs, 5, lambda: nn.utils.clip_grad_norm_(torchs.parameters(), max_norm))
    torch.testing.assert_close(flat(portable), flat(torchs))


def test_setting_the_learning_rate_changes_the_next_step():
    model = nn.Linear(1, 1, bias=False)
    before = model.weight.item()
    optimiser = build_optimiser(model_params(optimiser="sgd", learning_rate=0.5), model)
    optimiser.learning_rate = 0.25
    model(torch.ones(1, 1)).sum().backward()
    optimiser.step()
    assert math.isclose(model.weight.item(), before - 0.25, rel_tol=1e-6)


STEP = """
import sys, torch
from torch import nn
from pipeline.determinism import make_deterministic
from pipeline.training.optim import RULES, build_optimiser
from tests.support.small import model_params
make_deterministic()
model = nn.Linear(1, 1)
for name in RULES:
    optimiser = build_optimiser(model_params(optimiser=name), model)
    optimiser.zero_grad()
    model(torch.ones(1, 1)).sum().backward()
    optimiser.clip_gradients(1.0)
    optimiser.step()
print("torch._dynamo" in sys.modules)
"""


def test_no_step_imports_torchs_compiler():
    done = subprocess.run([sys.executable, "-c", STEP], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout.strip() == "False"
