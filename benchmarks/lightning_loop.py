"""PyTorch Lightning over the batches of a model, for `benchmarks.epoch`; needs requirements-bench.lock."""

import logging
import time
import warnings
from typing import Any

import pytorch_lightning as lightning
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from benchmarks.epoch import SHORTEST, read_model
from benchmarks.loops import our_trainer
from benchmarks.plain_network import Network, build_optimiser
from benchmarks.turns import Run
from pipeline.params.models import ModelParams
from pipeline.tasks.batching import training_batches


class Module(lightning.LightningModule):  # type: ignore[misc, unused-ignore]  # has no types where not installed
    """The plain network as a module of Lightning, which times its epochs."""

    def __init__(self, params: ModelParams, network: Network) -> None:
        super().__init__()
        self.params, self.network, self.started, self.seconds = params, network, 0.0, 0.0

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor | None, bool]) -> Tensor:
        """Return the loss of a batch."""
        inputs, targets, lengths, reset = batch
        if reset:
            self.network.state = None
        return self.network.loss(self.network(inputs, lengths), targets)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimiser of the plain loop."""
        return build_optimiser(self.params, self.network)

    def on_train_epoch_start(self) -> None:
        """Start the clock."""
        self.started = time.process_time()

    def on_train_epoch_end(self) -> None:
        """Stop the clock."""
        self.seconds += time.process_time() - self.started


def lightning_epoch(name: str) -> Run:
    """Return what takes epochs with Lightning, without its start, in processor seconds of one."""
    warnings.filterwarnings("ignore")  # hints for other machines
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    trainer = our_trainer(*read_model(name), name)
    torch.set_deterministic_debug_mode("default")
    network = Network(trainer.params, trainer.model.shape, trainer.model.trains_every_step)
    module = Module(trainer.params, network)
    batches = training_batches(trainer.train, trainer.params, torch.Generator().manual_seed(1))
    loader: DataLoader[Any] = DataLoader(
        [(batch.inputs, batch.targets, batch.lengths, batch.reset_state) for batch in batches],  # type: ignore[arg-type]
        batch_size=None,
        collate_fn=lambda batch: batch,
    )
    fit(module, loader, 1)
    epochs = max(1, round(SHORTEST / max(module.seconds, 1e-4)))
    return lambda: fit(module, loader, epochs)


def fit(module: Module, loader: DataLoader[Any], epochs: int) -> float:
    """Train for some epochs without logger, checkpoints and progress bar; return the processor seconds of one."""
    module.seconds = 0.0
    lightning.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=epochs,
        gradient_clip_val=module.params.gradient_clip or None,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    ).fit(module, loader)
    return module.seconds / epochs
