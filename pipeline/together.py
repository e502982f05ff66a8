"""What the networks of all seeds say together, which is what `pipeline.load` and `predict` answer."""

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline import scores
from pipeline.datasets.prepared import Card
from pipeline.judgement import Judgements, Predictions

AVERAGED = ("probabilities", "predicted")


def combined(answers: Sequence[Predictions]) -> Predictions:
    """Return the mean of probabilities or numbers; of next symbols, which keep only the true one's, the nats.

    The nats are those of the mean probability, -ln(mean(exp(-nats))). Which symbol is then the most likely is
    not known, so `best` is left out.
    """
    first = answers[0]
    together = {name: value for name, value in first.items() if name not in (*AVERAGED, "nats", "best")}
    for name in AVERAGED:
        if name in first:
            together[name] = np.mean([each[name] for each in answers], axis=0)
    if "nats" in first:
        nats = np.array([each["nats"] for each in answers], dtype=np.float64)  # (seeds, items)
        together["nats"] = np.log(len(nats)) - np.logaddexp.reduce(-nats, axis=0)
    return together


def of(judgements: Judgements, model: str, split: str) -> Predictions | None:
    """Return what a model's seeds say together of a split, if at least two have finished."""
    found = list(judgements.predictions(model, split).values())
    return combined(found) if len(found) > 1 and model in judgements.networks else None


def metrics(card: Card, judgements: Judgements, model: str, split: str) -> Mapping[str, float]:
    """Return the metrics of what a model's seeds say together, if there is such a thing."""
    found = of(judgements, model, split)
    return {} if found is None else scores.scores(found, card)
