"""The errors that a user can cause; each message names the file or key, what was found, and the cure.

PipelineError         any of these, and what is none of them: a killed process, Git or DVC that refuse
+-- ParamsError       params.yaml or an environment variable
+-- DataError         a raw file, a source, or a file that an earlier stage wrote
+-- NotTrainedError   a model that is not trained, or whose files are damaged or out of date
+-- InputError        an input given to a trained model, or where its answers should go
+-- TrackingError     the MLflow store or server
"""

REPAIR = "run `dvc repro`; if it stays damaged, see docs/accidents.md"  # the cure of a file that DVC has written


class PipelineError(Exception):
    """An error that a user can cause and mend; commands print it without a traceback."""


class ParamsError(PipelineError):
    """Something in params.yaml, or in an environment variable, cannot be used."""


class DataError(PipelineError):
    """A raw file, a source, or a file that an earlier stage wrote cannot be used."""


class NotTrainedError(PipelineError):
    """A model is not trained, or its files are damaged or out of date."""


class InputError(PipelineError):
    """A trained model cannot answer this input, or its answers cannot be written there."""


class TrackingError(PipelineError):
    """The MLflow store or server cannot be used."""
