import pytest

from pipeline.report.format import format_interval, format_number, format_numbers, format_spread


@pytest.mark.parametrize(
    ("value", "low", "high", "formatted"),
    [
        (0.84512, 0.8391, 0.8511, "0.845 (0.839 to 0.851)"),
        (4.3123, 4.1611, 4.4622, "4.31 (4.16 to 4.46)"),
        (2117.5, 2090.2, 2140.7, "2,118 (2,090 to 2,141)"),
        (0.26885012, 0.26885011, 0.26885013, "0.26885"),
        (0.855, 0.855, 0.855, "0.855"),
        (1.0, 1.0, 1.0, "1.00"),
        (5461.25, 5461.25, 5461.25, "5,461"),
        (2.2e-16, 0.0, 9.3e-16, "2.2 × 10⁻¹⁶ (0 to 9.3 × 10⁻¹⁶)"),
        (0.0, 0.0, 0.0, "0"),
    ],
)
def test_intervals_have_significant_digits_only(value: float, low: float, high: float, formatted: str) -> None:
    assert format_interval({"value": value, "low": low, "high": high}) == formatted


def test_nothing_measured_is_a_dash() -> None:
    assert format_interval(None) == format_interval({}) == "–"


@pytest.mark.parametrize(
    ("value", "formatted"), [(0.0947, "0.0947"), (16.41, "16.4"), (255.0, "255"), (-0.5, "-0.500")]
)
def test_single_numbers_have_three_digits(value: float, formatted: str) -> None:
    assert format_number(value) == formatted


def test_numbers_that_differ_little_have_enough_digits() -> None:
    assert format_numbers([0.26862, 0.26916, 0.26875]) == ["0.26862", "0.26916", "0.26875"]
    assert format_numbers([0.5, 0.5]) == ["0.500", "0.500"]
    assert format_numbers([]) == []


@pytest.mark.parametrize(
    ("values", "formatted"),
    [((0.84, 0.85, 0.86), "0.850 ± 0.010"), ((1206.2,), "1,206"), ((0.5, 0.5), "0.500"), ((), "–")],
)
def test_a_spread_is_a_mean_with_its_standard_deviation(values: tuple[float, ...], formatted: str) -> None:
    assert format_spread(values) == formatted
