import numpy as np
import pytest

from pipeline.errors import InputError

TEXT = "a text, or a sequence of numbers"


def test_numbers_and_their_text_get_the_same_prediction(loaded):
    assert loaded("binary-lstm").predict("1011") == loaded("binary-lstm").predict([1, 0, 1, 1])
    assert loaded("sums-lstm").predict(" 3 0.5 ") == loaded("sums-lstm").predict((3, 0.5))
    assert loaded("sales-lstm").predict("1, 2 3,4") == loaded("sales-lstm").predict(np.array([1.0, 2, 3, 4]))


def test_a_forecast_reads_the_last_days_only(loaded):
    assert loaded("sales-lstm").predict([np.nan, 9, 1, 2, 3, 4]) == loaded("sales-lstm").predict([1, 2, 3, 4])


@pytest.mark.parametrize(
    ("name", "value", "found", "wanted"),
    [
        ("binary-lstm", "101", "bits: found 3 values", "4"),
        ("binary-lstm", "", "bits: found 0 values", "4"),
        ("binary-lstm", "1012", "bits: found 2", "one of 0, 1"),
        ("binary-lstm", "10x1", "bits: found 'x'", "a finite number"),
        ("sums-lstm", "1", "x: found 1 values", "2"),
        ("sums-lstm", [1, 1e300], "x: found a number that is not finite, or too large", "finite numbers"),
        ("sales-lstm", "1 2 3", "found 3 values", "the last 4 days or more"),
        ("sales-lstm", "", "found no values", "the last 4 days or more"),
        ("sales-lstm", "1 2 x 4", "found 'x'", "numbers, or --input FILE"),
        ("sales-lstm", [1, 2, float("nan"), 4], "found a number that is not finite, or too large", "finite numbers"),
        ("sales-lstm", "1 -2 3 4", "found -2", "numbers that are not negative"),
        ("sales-lstm", [1, 2, 3, -0.5], "found -0.5", "numbers that are not negative"),
        ("binary-lstm", 1011, "found 1011", TEXT),
        ("binary-lstm", None, "found None", TEXT),
        ("binary-lstm", ["a"] * 4, "found ['a', 'a', 'a', 'a']", TEXT),
        ("binary-lstm", [[1, 0], [1]], "found [[1, 0], [1]]", TEXT),
        ("binary-lstm", {1, 0}, "found {0, 1}", TEXT),
        ("binary-lstm", b"1011", "found b'1011'", TEXT),
        ("binary-lstm", [10**400] * 4, f"found [{'1' + 38 * '0'}...", TEXT),
        ("sales-lstm", [[1, 2, 3, 4]], "found [[1, 2, 3, 4]]", TEXT),
    ],
)
def test_a_sequence_that_the_model_cannot_read_is_refused(loaded, error_line, name, value, found, wanted):
    line = error_line(InputError, loaded(name).predict, value)
    assert line.startswith(f"{name}: {found}; wanted {wanted}")
