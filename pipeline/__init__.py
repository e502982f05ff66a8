"""A reproducible pipeline for training and comparing small sequence models.

Importing any part of it first pins the processor settings (see `numerics`), which only works
before torch and NumPy are loaded: this is the one import in the project made for its effect.
"""

from pipeline import numerics

numerics.pin()
