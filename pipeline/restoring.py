"""Rebuild a trained network from its folder."""

from pathlib import Path

import torch

from pipeline import device, model_folder, models
from pipeline.datasets.prepared import Prepared
from pipeline.models import SequenceModel
from pipeline.settings.models import ModelSettings
from pipeline.tasks import TASKS


def restored(prepared: Prepared, settings: ModelSettings, folder: Path, seed: int, fit: str) -> SequenceModel | None:
    """Rebuild a trained network, or return nothing where it diverged."""
    file = model_folder.weights_file(folder, seed, fit)
    if not model_folder.has_weights(file):
        return None
    device.make_deterministic()
    model = models.build(settings, TASKS[prepared.card.task].shape(prepared.card))
    model.load_state_dict({name: torch.from_numpy(array) for name, array in model_folder.read_weights(file).items()})
    return model.to(device.choose())
