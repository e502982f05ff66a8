import pytest

from pipeline.evaluation.tables import Table, make_tables
from tests.support import small
from tests.support.evaluations import evaluations


def rows(prepared, found):
    yield from [(name, len(found.names)) for name in found.models]


@pytest.fixture
def prepared():
    return small.text("ab" * 50)


def test_a_table_has_its_columns_and_rows(prepared):
    found = evaluations(one={}, two={})
    made = make_tables([Table("names.csv", ("name", "number"), rows, "Names")], prepared, found)
    assert made == {"names.csv": (("name", "number"), [("one", 3), ("two", 3)])}


def test_a_table_may_have_a_column_for_each_baseline_and_model(prepared):
    made = make_tables([Table("names.csv", ("day",), rows, "Days", by_model=True)], prepared, evaluations(one={}))
    assert made["names.csv"][0] == ("day", "baseline", "one")


def test_a_table_without_rows_is_left_out(prepared):
    empty = Table("empty.csv", ("name",), lambda prepared, found: iter(()), "None")
    assert make_tables([empty], prepared, evaluations(lost={})) == {}
