"""A reproducible pipeline for training and comparing small sequence models.

Importing any part of it first pins the processor settings (see `numerics`), which only works
before torch and NumPy are loaded: this is the one import in the project made for its effect, but for
that of `server` in the process that workers are forked from.

`load` gives a trained model to use, in the project's folder after `dvc repro`:

    import pipeline

    pipeline.load("names-lstm").predict("Yamamoto")  # a language
    pipeline.load("binary-lstm").predict("10110011")  # a number
    pipeline.load("vowels-lstm").predict("in the beginning god")  # 0: a consonant follows, 1: a vowel
    text = pipeline.load("text-lstm")
    text.next_char_log_probs("in the beginnin")["g"]
    text.sequence_log_prob("earth", "heavens and ")
    "".join(text.generate("and god said ", length=9, temperature=0))
"""

import importlib
from pathlib import Path
from typing import Any

from pipeline import numerics

numerics.pin()


def load(name: str, seed: int | None = None, fit: str | None = None, root: str | Path = ".") -> Any:
    """Load the trained model NAME of params.yaml in the folder `root`.

    Without a `seed` the networks of all seeds answer together: with the mean of their probabilities (of
    a text, at each step) or of their numbers. With one, that network answers alone. `fit` is "held-out"
    (trained on the training rows) or "refit" (on all rows); left out, the refit where there is one.

    What comes back is a `Classifier`, `WindowClassifier`, `LanguageModel`, `Regressor` or `Forecaster`
    of `pipeline.predictors`; each says what its `predict` takes and gives. Faults are `errors.UserError`.
    """
    # Imported here since it takes torch along, and by its name since every stage imports this file: an
    # import statement, which the tests follow, would make each stage depend on code that none of them runs.
    return importlib.import_module("pipeline.predictors").load(name, seed, fit, root)
