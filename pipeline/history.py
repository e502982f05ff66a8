"""What a training leaves besides its weights; light to import, unlike the training itself."""

from dataclasses import dataclass

# Fits: to the training rows, judged on held-out ones; and to all rows, for data that are to be memorised.
HELD_OUT, REFIT = "held-out", "refit"


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave: the mean training loss while it ran, the validation loss after it."""

    epoch: int  # from 1
    rate: float  # of its last batch
    train_loss: float
    validation_loss: float | None  # a refit has no validation rows


@dataclass(frozen=True)
class Outcome:
    """How one network came to its weights."""

    seed: int
    fit: str
    status: str  # "finished", or "diverged at epoch N"
    best_epoch: int  # whose weights these are; 0 if it diverged
    parameters: int
    epochs: tuple[Epoch, ...]
    seconds: float = 0.0  # of this training alone; no file that is hashed holds them
    caveat: str = ""  # why another machine may come to other bytes

    @property
    def finished(self) -> bool:
        """Tell whether there are weights to judge."""
        return self.status == "finished"
