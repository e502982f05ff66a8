import pytest

from pipeline.evaluation import descriptions
from pipeline.evaluation.tasks import TASKS
from pipeline.params.schema import FORMATS
from pipeline.tasks import TASKS as TRAINED


def test_every_task_and_format_is_described():
    assert set(descriptions.TASKS) == set(TASKS) == set(TRAINED)
    assert set(descriptions.FORMATS) == set(FORMATS)
    assert {format_.about.name: name for name, task in TASKS.items() for format_ in task.formats} == {
        name: params.task for name, params in FORMATS.items()
    }


def test_words_are_ranked_by_loss_on_all_rows_and_by_letters_on_test_rows():
    metrics, task = ("perplexity", "loss", "letter_accuracy"), descriptions.NEXT_SYMBOL
    assert task.choose_primary("all_rows", metrics) == "loss"
    assert task.choose_primary("test", metrics) == "letter_accuracy"
    assert task.choose_primary("test", metrics[:2]) == "perplexity"


@pytest.mark.parametrize("split", ["test", "all_rows"])
def test_without_a_primary_metric_models_are_ranked_by_the_first(split):
    assert descriptions.CLASSIFY.choose_primary(split, ("loss", "accuracy")) == "accuracy"
    assert descriptions.CLASSIFY.choose_primary(split, ("loss", "macro_f1")) == "loss"
