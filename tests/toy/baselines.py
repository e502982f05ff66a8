"""What counts are compared with."""

import numpy as np

from pipeline.evaluation.baselines.base import Baseline, Bound, References
from pipeline.evaluation.references import MetricsOnly


def always(constant):
    def fit(data):
        def predict(before, arrays):
            return {"truth": arrays["counts"].astype(float), "predicted": np.full(len(arrays["counts"]), constant)}

        return predict

    return fit


COUNTS = References(
    {
        "baseline-one": Baseline(always(1.0), "always one", "Predicts one for every word."),
        "baseline-compressor": Baseline(
            lambda data: lambda before, arrays: MetricsOnly({"miscount": 9.0}), "nine", "Miscounts by nine."
        ),
    },
    Bound(lambda fit, arrays: {"miscount": 0.0, "most": 0.0}, "Counting makes no errors."),
)
