import numpy as np
import pytest

from pipeline.evaluation.tables import make_tables
from pipeline.evaluation.tasks.regress import TASK
from tests.support import small
from tests.support.evaluations import evaluations


def test_metrics():
    card = small.pairs("".join(f"{n} 1,{n}\n" for n in range(10))).card
    assert TASK.compute({"truth": np.array([1.0, 2.0]), "predicted": np.array([1.4, 2.6])}, card) == {
        "exact": 0.5,
        "mse": pytest.approx((0.16 + 0.36) / 2),
        "mae": pytest.approx(0.5),
    }
    assert "exact" not in TASK.compute({"truth": np.array([0.4]), "predicted": np.array([0.4])}, card)


def test_probes_go_from_the_smallest_target_to_the_largest():
    prepared = small.pairs("".join(f"{n} 1,{-n}\n" for n in range(20)), refit=True)
    targets = np.concatenate([arrays["targets"] for arrays in prepared.splits.values()])
    net = {"all_rows": {"truth": targets, "predicted": targets + 2}}
    _, rows = make_tables(TASK.tables, prepared, evaluations(net=net))["probes.csv"]
    assert len(rows) == 9
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)
    assert (rows[0][1:3], rows[-1][1:3]) == (("19 1", -19.0), ("0 1", 0.0))
    assert all(predicted == target + 2 for _, _, target, predicted in rows)
