"""How far a forecast may be off: an interval from the errors on the validation days."""

import math
from typing import Annotated

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import Field

from pipeline.data.prepared import Prepared
from pipeline.inference.numbers import Forecaster
from pipeline.params.schema import Block

LEVEL = 0.9  # some hundred validation days tell little of rarer errors


class Interval(Block):
    """Forecasts plus or minus `half_width` hold the true value of a share `level` of days like the validation days."""

    level: Annotated[float, Field(gt=0, lt=1)]
    half_width: Annotated[float, Field(ge=0)]  # in the unit of the data
    days: Annotated[int, Field(gt=0)]  # from whose errors it was computed


def measure(forecaster: Forecaster, prepared: Prepared, level: float = LEVEL) -> Interval:
    """Return the interval of a model's forecasts, by split conformal prediction on the validation days.

    Of n absolute errors it is the ceil((n + 1) * level)-th smallest, or the largest if there are fewer (Vovk et al.,
    Algorithmic Learning in a Random World, 2005). Days of another season may have other errors.
    """
    window, days = forecaster.reader.window, prepared.splits["validation"]["values"]
    values = np.concatenate([prepared.splits["train"]["values"][-window:], days])
    items = list(sliding_window_view(values.astype(np.float32), window)[:-1])
    errors = np.sort(np.abs(values[window:] - forecaster.predict_encoded(items)))
    rank = min(math.ceil((len(errors) + 1) * level), len(errors))
    return Interval(level=level, half_width=float(errors[rank - 1]), days=len(errors))
