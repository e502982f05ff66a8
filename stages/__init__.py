"""The commands that DVC runs, one a file."""

import pipeline  # noqa: F401  (pins the processor settings before any stage loads NumPy or torch)
