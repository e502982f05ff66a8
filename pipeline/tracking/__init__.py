"""Publish results to MLflow, and serve MLflow's web pages; no other package imports mlflow.

The files that the stages write are the results; MLflow only shows them. A run carries a digest of what it shows, so
publishing twice adds nothing.
"""

from pipeline.tracking.publish import PublishResult, publish
from pipeline.tracking.server import serve

__all__ = ["PublishResult", "publish", "serve"]
