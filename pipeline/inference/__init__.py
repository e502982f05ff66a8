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

An input that a predictor cannot read raises `pipeline.InputError`. An `InputWarning` names what is odd in one that is
read: the missing days of a series, or, as an `UnknownSymbolWarning`, symbols of a text that were replaced or left out.
"""

from pipeline.inference.base import Predictor
from pipeline.inference.labels import Classifier, WindowClassifier
from pipeline.inference.language import LanguageModel
from pipeline.inference.numbers import Forecaster, Regressor
from pipeline.inference.oov import InputWarning, UnknownSymbolWarning

__all__ = [
    "Classifier",
    "Forecaster",
    "InputWarning",
    "LanguageModel",
    "Predictor",
    "Regressor",
    "UnknownSymbolWarning",
    "WindowClassifier",
]
