"""Train and compare small sequence models, reproducibly.

`load` returns a trained model, in the project's folder after `dvc repro`:

    import pipeline

    pipeline.load("names-lstm").predict("Yamamoto")  # a language
    pipeline.load("binary-lstm").predict("10110011")  # a number
    pipeline.load("vowels-lstm").predict("in the beginning god")  # 0: a consonant follows, 1: a vowel
    text = pipeline.load("text-lstm")
    text.next_char_log_probs("in the beginnin")["g"]
    text.sequence_log_prob("earth", "heavens and ")
    "".join(text.generate("and god said ", length=9, temperature=0))

Importing any part of the package first fixes the kernels that torch and NumPy will use (see `determinism`).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.determinism import fix_kernels
from pipeline.errors import DataError, InputError, NotTrainedError, ParamsError, PipelineError, TrackingError

if TYPE_CHECKING:
    from pipeline.inference.base import Predictor

__all__ = [
    "DataError",
    "InputError",
    "NotTrainedError",
    "ParamsError",
    "PipelineError",
    "TrackingError",
    "load",
]

__version__ = "0.1.0"

fix_kernels()


def load(name: str, seed: int | None = None, fit: str | None = None, root: str | Path = ".") -> "Predictor":
    """Load a trained model.

    Args:
        name: The model's name in params.yaml.
        seed: Which seed's network answers. Without it, the ensemble of all seeds answers, with the mean of their
            probabilities (of a text, at each step) or of their numbers.
        fit: "train" (the fit to the training rows, which the report's figures are of) or "all_rows" (the fit to all
            rows, if the data set has one). Without it, "train" where rows are held out.
        root: The project's folder.

    Returns:
        A `Classifier`, `WindowClassifier`, `LanguageModel`, `Regressor` or `Forecaster` of `pipeline.inference`; each
        says what its `predict` takes and returns. Type checkers need an `isinstance` for what only one of them has,
        such as `LanguageModel.generate`.

    Raises:
        ParamsError: if params.yaml cannot be used, or names no such model.
        DataError: if the data set is not prepared.
        NotTrainedError: if the model is not trained, is damaged, or was trained on other data than are prepared now.
        InputError: if there is no such seed or fit.
    """
    from pipeline.inference.load import load_predictor  # late: it imports torch

    return load_predictor(name, seed, fit, root)
