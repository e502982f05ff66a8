"""Predictors: trained models that answer for new inputs.

`pipeline.load` returns one; its class follows from the data set's format:

| class | formats | `predict` takes | `predict` returns |
| --- | --- | --- | --- |
| `Classifier` | labelled | a text | the name of a class |
| `WindowClassifier` | windows | the characters before the one to classify | the index of a class |
| `LanguageModel` | text, words | the characters before the next one | the next character |
| `Regressor` | pairs | a sequence of numbers | a number |
| `Forecaster` | series | the values of past days, oldest first | the value of the next day |

Every predictor has `predict`, `answer_table` (for a CSV) and `notify`. The first three also have `labels` and
`probabilities`, and a language model `next_char_log_probs`, `sequence_log_prob` and `generate`.

An input that a predictor cannot read raises `pipeline.InputError`. An `UnknownSymbolWarning` lists the symbols of a
text that are outside the alphabet of its model, and says how they were read.
"""

from pipeline.inference.base import Predictor
from pipeline.inference.labels import Classifier, WindowClassifier
from pipeline.inference.language import LanguageModel
from pipeline.inference.numbers import Forecaster, Regressor
from pipeline.inference.oov import UnknownSymbolWarning

__all__ = [
    "Classifier",
    "Forecaster",
    "LanguageModel",
    "Predictor",
    "Regressor",
    "UnknownSymbolWarning",
    "WindowClassifier",
]
