"""What MLflow loads of a registered model: a module of its own in the model's folder, beside the package `pipeline`.

It imports nothing of `tracking`, which does not travel with the model.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.inference import frames, packed

if TYPE_CHECKING:
    import pandas as pd


class ServedModel:
    """Answers tables; MLflow compares them with the signature first."""

    def __init__(self, folder: Path) -> None:
        found = packed.read(folder)
        self.frames = frames.frames_of(found.predictor, found.interval)

    def predict(self, frame: "pd.DataFrame", params: dict[str, Any] | None = None) -> "pd.DataFrame":
        """Return the answers to a table.

        Raises:
            MlflowException: if a row or a param cannot be used; over HTTP that is status 400 with the line that says
                why, where any other error would hide it in a traceback.
        """
        from mlflow.exceptions import MlflowException

        try:
            return self.frames.answer(frame, **(params or {}))
        except PipelineError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None


def _load_pyfunc(folder: str) -> ServedModel:
    """Load a model; MLflow calls it by this name."""
    return ServedModel(Path(folder))
