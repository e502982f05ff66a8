import numpy as np
import pytest

from pipeline.data import prepared as data
from pipeline.errors import InputError
from pipeline.models.network import load_network
from pipeline.models.storage import HELD_OUT
from pipeline.tasks import TASKS


def test_numbers_and_their_text_get_the_same_prediction(loaded):
    assert loaded("binary-lstm").predict("1011") == loaded("binary-lstm").predict([1, 0, 1, 1])
    assert loaded("sums-lstm").predict(" 3 0.5 ") == loaded("sums-lstm").predict((3, 0.5))
    assert loaded("sales-lstm").predict("1, 2 3,4") == loaded("sales-lstm").predict(np.array([1.0, 2, 3, 4]))


@pytest.mark.parametrize(
    ("name", "array"), [("sums-lstm", "inputs"), ("sales-lstm", "values"), ("sales-flat", "values")]
)
def test_predictions_agree_with_evaluate(loaded, trained_project, name, array):
    dataset = name.partition("-")[0]
    prepared, model = data.read(trained_project / "data/prepared" / dataset), loaded(name, seed=1)
    params, task, arrays = model.trained.params, TASKS[prepared.card.task], prepared.splits["test"]
    folder = trained_project / "models" / dataset / name
    network = load_network(params, task.shape(prepared.card), folder, 1, HELD_OUT)
    wanted = task.predict(network, task.examples(arrays, None, params, "cpu"), params)["predicted"]
    if dataset == "sales":
        rows = [arrays[array][day : day + params.window].tolist() for day in range(len(wanted))]
    else:
        rows = arrays[array].tolist()
    np.testing.assert_allclose([model.predict(row) for row in rows], wanted, rtol=1e-5)


def test_a_forecast_reads_the_last_days_only(loaded):
    sales = loaded("sales-lstm")
    assert sales.predict([9, 9, 1, 2, 3, 4]) == sales.predict([1, 2, 3, 4])


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("binary-lstm", "101", "binary-lstm: bits: found 3 values; wanted 4, as in the training rows"),
        ("binary-lstm", "1012", "binary-lstm: bits: found 2; wanted one of 0, 1, as in the training rows"),
        ("binary-lstm", "10x1", "binary-lstm: bits: found 'x'; wanted a finite number"),
        ("binary-lstm", "", "binary-lstm: bits: found 0 values; wanted 4, as in the training rows"),
        ("sums-lstm", "1", "sums-lstm: x: found 1 values; wanted 2, as in the training rows"),
        ("sums-lstm", [1, 1e300], "sums-lstm: x: found a number that is not finite, or too large; "
         "wanted finite numbers"),
        ("sales-lstm", "1 2 3", "sales-lstm: found 3 values; wanted the last 4 days or more, oldest first"),
        ("sales-lstm", "", "sales-lstm: found no values; wanted the last 4 days or more, oldest first"),
        ("sales-lstm", "1 2 x 4", "sales-lstm: found 'x'; wanted numbers, or --input FILE"),
        ("binary-lstm", 1011, "binary-lstm: found 1011; wanted a text, or a sequence of numbers"),
        ("binary-lstm", None, "binary-lstm: found None; wanted a text, or a sequence of numbers"),
        ("binary-lstm", ["a"] * 4, "binary-lstm: found ['a', 'a', 'a', 'a']; wanted a text, or a sequence of numbers"),
        ("binary-lstm", [[1, 0], [1]], "binary-lstm: found [[1, 0], [1]]; wanted a text, or a sequence of numbers"),
        ("binary-lstm", {1, 0}, "binary-lstm: found {0, 1}; wanted a text, or a sequence of numbers"),
        ("binary-lstm", b"1011", "binary-lstm: found b'1011'; wanted a text, or a sequence of numbers"),
        ("binary-lstm", [10**400] * 4, f"binary-lstm: found [{'1' + 38 * '0'}...; "
         "wanted a text, or a sequence of numbers"),
        ("sales-lstm", 5.0, "sales-lstm: found 5.0; wanted a text, or a sequence of numbers"),
        ("sales-lstm", [[1, 2, 3, 4]], "sales-lstm: found [[1, 2, 3, 4]]; wanted a text, or a sequence of numbers"),
        ("sales-lstm", [1, 2, float("nan"), 4], "sales-lstm: found a number that is not finite, or too large; "
         "wanted finite numbers"),
    ],
)  # fmt: skip
def test_a_sequence_that_the_model_cannot_read_is_refused(loaded, error_line, name, value, line):
    assert error_line(InputError, loaded(name).predict, value) == line
