"""Show finished results in MLflow; nothing else in the project imports it.

Files are the truth: a run is found again by a digest of what it shows, so publishing is safe to repeat.
"""

from pipeline.tracking.publishing import Tally, publish
from pipeline.tracking.server import serve

__all__ = ["Tally", "publish", "serve"]
