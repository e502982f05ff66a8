import math

import numpy as np
import pytest

from pipeline.evaluation.tables import make_tables
from pipeline.evaluation.tasks.classify import TASK
from tests.support import small
from tests.support.evaluations import evaluations


def test_metrics():
    card = small.labelled("".join(f"{letter * n},{letter}\n" for letter in "xyz" for n in range(1, 9))).card
    truth = np.array([0, 1, 2, 2])
    uniform = TASK.compute({"truth": truth, "probabilities": np.full((4, 3), 1 / 3)}, card)
    assert uniform["loss"] == pytest.approx(math.log(3))
    assert uniform["accuracy"] == 0.25
    assert uniform["macro_f1"] == pytest.approx(0.4 / 3)  # class 0: precision 1/4, recall 1
    perfect = TASK.compute({"truth": truth, "probabilities": np.eye(3)[truth]}, card)
    assert perfect == {"accuracy": 1, "macro_f1": 1, "loss": 0}
    surely_wrong = TASK.compute({"truth": truth, "probabilities": np.eye(3)[(truth + 1) % 3]}, card)
    assert surely_wrong["accuracy"] == 0
    assert 700 < surely_wrong["loss"] < math.inf


def test_the_confusion_counts_each_pair_of_classes():
    prepared = small.labelled("".join(f"{letter * n},{letter}\n" for letter in "xy" for n in range(1, 9)))
    truth = np.array([0, 0, 1])
    net = {"test": {"truth": truth, "probabilities": np.eye(2)[[0, 1, 1]]}}
    _, rows = make_tables(TASK.tables, prepared, evaluations(net=net, lost={}))["confusion.csv"]
    assert rows == [("net", "x", "x", 1), ("net", "x", "y", 1), ("net", "y", "x", 0), ("net", "y", "y", 1)]


def test_without_test_rows_the_confusion_is_of_all_rows():
    prepared = small.labelled("".join(f"{letter * n},{letter}\n" for letter in "xy" for n in range(1, 9)))
    net = {"all_rows": {"truth": np.array([0, 1]), "probabilities": np.eye(2)[[0, 0]]}}
    _, rows = make_tables(TASK.tables, prepared, evaluations(net=net))["confusion.csv"]
    assert rows == [("net", "x", "x", 1), ("net", "x", "y", 0), ("net", "y", "x", 1), ("net", "y", "y", 0)]
