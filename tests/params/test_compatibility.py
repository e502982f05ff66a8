"""Params that do not fit their data set, and names that the results use."""

import pytest

from tests.support.params import RAW, changed, errors


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (
            "words-lstm.input",
            "values",
            "found 'values'; wanted for task next-symbol on format words: one-hot, embedding",
        ),
        ("sales-lstm.input", "one-hot", "found 'one-hot'; wanted for task forecast on format series: values, flat"),
        ("binary-lstm.input", "flat", "found 'flat'; wanted for task regress on format pairs: values"),
        (
            "names-lstm.head",
            "linear-relu",
            "found 'linear-relu'; wanted for task classify on format labelled: none, linear",
        ),
        (
            "words-lstm.sampling",
            "random",
            "found 'random'; wanted for task next-symbol on format words: shuffled, sequential, balanced",
        ),
        (
            "names-lstm.supervision",
            "every-step",
            "found 'every-step'; wanted for task classify on format labelled: task",
        ),
        (
            "lyrics-lstm.sampling",
            "balanced",
            "found 'balanced'; wanted for task next-symbol on format text: consecutive, random",
        ),
        ("names-lstm.scaling", "standard", "found 'standard'; wanted for task classify on format labelled: none"),
        ("sales-lstm.window", ..., "found nothing; wanted for format series: a number of lags"),
        ("sales-lstm.sequence_length", 5, "found 5; wanted for format series: nothing"),
        ("lyrics-lstm.sequence_length", ..., "found nothing; wanted for format text: a number of steps"),
        ("lyrics-lstm.window", 5, "found 5; wanted for format text: sequence_length instead"),
        ("vowels-lstm.window", 5, "found 5; wanted for format windows: nothing"),
        ("vowels-lstm.sequence_length", 5, "found 5; wanted for format windows: nothing"),
        ("binary-lstm.patience", 5, "found 5; wanted 0, since data set binary has no validation rows"),
    ],
)
def test_a_param_that_does_not_fit_the_data_set_is_refused(tmp_path, path, value, line):
    where = f"models.{path}"
    assert errors(tmp_path, changed(where, value)) == [f"{where}: {line}"]


@pytest.mark.parametrize("name", ["baseline", "bound", "date", "truth"])
def test_a_model_may_not_take_a_name_that_the_results_use(tmp_path, name):
    block = RAW["models"]["words-lstm"]
    line = f"models.{name}: the results use this name for something else; choose another"
    assert errors(tmp_path, changed(f"models.{name}", block)) == [line]
