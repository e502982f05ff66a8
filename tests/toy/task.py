"""The task of predicting a number from a sequence of symbols."""

import numpy as np
import torch

from pipeline.data.prepared import Prepared
from pipeline.files import Arrays
from pipeline.models.encoders import Shape
from pipeline.params.models import ModelParams
from pipeline.tasks.examples import Rows
from pipeline.tasks.regress import Regress


class Count(Regress):
    def shape(self, prepared: Prepared) -> Shape:
        return Shape(prepared.card.symbols, 1, every_step=False, logits=False)

    def examples(self, arrays: Arrays, history: Arrays | None, params: ModelParams, device: torch.device) -> Rows:
        inputs = torch.from_numpy(arrays["symbols"].astype(np.int64)).to(device)
        counts = torch.from_numpy(np.array(arrays["counts"])).to(device)
        return Rows(inputs, counts, arrays["lengths"].astype(np.int64))
