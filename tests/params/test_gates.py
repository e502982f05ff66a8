"""Section `gates` of params.yaml: bounds on test metrics, for data sets that have a champion."""

import pytest

from pipeline.evaluation.tasks import EVALUATIONS
from pipeline.params.gates import METRICS
from tests.support.params import PARAMS, changed, errors, load


def with_gates(gates):
    return changed("gates", gates)


def test_gates_are_numbers_by_data_set_and_metric(tmp_path):
    gates = load(tmp_path, with_gates({"names": {"accuracy": 1, "loss": 0.9}, "words": {"perplexity": 3.5}})).gates
    assert gates == {"names": {"accuracy": 1.0, "loss": 0.9}, "words": {"perplexity": 3.5}}


def test_gates_may_be_left_out_or_empty(tmp_path):
    assert load(tmp_path, PARAMS).gates == load(tmp_path, with_gates(None)).gates == {}


@pytest.mark.parametrize(
    ("gates", "line"),
    [
        ({"nomes": {"accuracy": 0.7}}, "gates.nomes: no such data set; known: binary, lyrics, names, sales, vowels"),
        ({"names": {"acuracy": 0.7}}, "gates.names.acuracy: no metric of task classify; known: accuracy, macro_f1"),
        ({"sales": {"accuracy": 0.7}}, "gates.sales.accuracy: no metric of task forecast; known: mase, mae, rmse"),
        ({"binary": {"mse": 0.7}}, "gates.binary: its data set holds out no test rows, so it has no champion"),
        ({"names": {"accuracy": "high"}}, "gates.names.accuracy: found 'high'; wanted a number"),
        ({"names": {"accuracy": True}}, "gates.names.accuracy: found True; wanted a number"),
        ({"names": {"accuracy": float("nan")}}, "gates.names.accuracy: found nan; wanted a finite number"),
        ({"names": {"loss": -1}}, "gates.names.loss: found -1; wanted greater than or equal to 0"),
        ({"names": 0.7}, "gates.names: found 0.7; wanted a block of keys and values"),
        ({"Names": {"accuracy": 0.7}}, "gates.Names: found 'Names'; wanted a name of small letters"),
        (0.7, "gates: found 0.7; wanted a block of keys and values"),
    ],
)
def test_an_error_is_one_line(tmp_path, gates, line):
    (found,) = errors(tmp_path, with_gates(gates))
    assert line in found


def test_the_metrics_that_are_known_here_are_those_that_each_task_computes():
    found = {task: tuple(metric.name for metric in of.metrics) for task, of in EVALUATIONS.items()}
    assert found == METRICS
