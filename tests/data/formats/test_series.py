import numpy as np
import pytest

from pipeline.data.formats import prepare
from pipeline.params.schema import SeriesParams

HEADER = "date,store,item,sales\n"


def prepare_series(here, content, **changes):
    (here / "s.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    values = {"format": "series", "raw": "s.csv", "date": "date", "store": "store", "item": "item"}
    values |= {"sales": "sales", "stores": "all", "items": "all", "reduce": "mean", "season": 2}
    values |= {"validation": 0.2, "test": 0.2, "refit": False}
    return prepare("sales", SeriesParams(**values | changes))


def rows(days=10, stores=(1, 2), items=("A", "B")):
    return [
        f"2020-01-{day + 1:02},{store},{item},{100 * day + 10 * int(store) + (item == 'B')}\n"
        for item in items
        for store in stores
        for day in range(days)
    ]


def join_splits(found, name="values"):
    return np.concatenate([arrays[name] for arrays in found.splits.values()])


def test_days_are_reduced_and_split_by_date(here):
    found = prepare_series(here, HEADER + "".join(rows()))
    assert join_splits(found).tolist() == [100 * day + 15.5 for day in range(10)]
    assert found.card.rows == {"train": 6, "validation": 2, "test": 2}
    assert join_splits(found, "dates").dtype == "datetime64[D]"
    assert (np.diff(join_splits(found, "dates")).astype(int) == 1).all()
    assert found.card.issues == ()


def test_chosen_stores_and_items_are_summed(here):
    found = prepare_series(here, HEADER + "".join(rows()), stores=[2], items=["A", "B"], reduce="sum")
    assert join_splits(found).tolist() == [200 * day + 41 for day in range(10)]


def test_columns_may_have_any_name_and_order(here):
    plain = prepare_series(here, HEADER + "".join(rows()))
    content = "x,ventes,article,magasin,jour\n"
    for row in rows():
        day, store, item, sales = row.strip().split(",")
        content += f"ignored, {sales} ,{item},{store},{day}\r\n"
    named = {"date": "jour", "store": "magasin", "item": "article", "sales": "ventes"}
    assert prepare_series(here, "\ufeff" + content, **named).card.digest == plain.card.digest


def test_order_of_the_rows_does_not_matter(here):
    lines = [row.replace("\n", ".1\n") for row in rows()]
    shuffled = [lines[index] for index in np.random.default_rng(0).permutation(len(lines))]
    digests = {prepare_series(here, HEADER + "".join(order)).card.digest for order in (lines, shuffled, lines[::-1])}
    assert len(digests) == 1


def test_scale_comes_from_the_training_days_alone(here):
    found = prepare_series(here, HEADER + "".join(rows()))
    train = found.splits["train"]["values"]
    scale = found.card.scaling["values"]
    assert scale.mean == train.mean()
    assert scale.std == pytest.approx(train.std())
    assert scale.seasonal_error == np.abs(train[2:] - train[:-2]).mean() == 200
    assert found.card.season == 2


def test_gaps_are_reported(here):
    lines = [row for row in rows() if not row.startswith("2020-01-04") and row[:14] != "2020-01-07,2,A"]
    found = prepare_series(here, HEADER + "".join(lines))
    assert [issue.found for issue in found.card.issues] == [
        "1 days without a row between 2020-01-01 and 2020-01-10",
        "1 days with fewer rows than other days",
    ]


GOOD = "".join(rows())


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "the file is empty; wanted data"),
        (HEADER, "found no rows under the header; wanted one for each day, store and item"),
        (
            "date,shop,item,sales\n" + GOOD,
            "line 1: column 'store' is not there; found 'date', 'shop', 'item', 'sales'",
        ),
        (HEADER + "2020-02-30,1,A,1\n", "line 2: date: found '2020-02-30'; wanted a date such as 2013-01-31"),
        (
            HEADER + GOOD + "31/01/2020,1,A,1\n",
            "line 42: date: found '31/01/2020'; wanted a date such as 2013-01-31",
        ),
        (HEADER + "\n2020-01-01,1,A,x\n", "line 3: sales: found 'x'; wanted a finite number, not negative"),
        (HEADER + "2020-01-01,1,A,-1\n", "line 2: sales: found '-1'; wanted a finite number, not negative"),
        (HEADER + "2020-01-01,1,A,NaN\n", "line 2: sales: found 'NaN'; wanted a finite number, not negative"),
        (HEADER + "2020-01-01,1,A,inf\n", "line 2: sales: found 'inf'; wanted a finite number, not negative"),
        (HEADER + "2020-01-01,1,A,1e200\n", "line 2: sales: found '1e200'; wanted a finite number, not negative"),
        (HEADER + "2020-01-01,1,A\n", "line 2: sales: found ''; wanted a finite number, not negative"),
        (HEADER + "2020-01-01,,A,1\n", "line 2: store: found ''; wanted a name"),
        (
            HEADER + "2020-01-01,1,A,1,7\n",
            "Expected 4 fields in line 2, saw 5; wanted comma-separated values",
        ),
        (
            HEADER + '2020-01-01,1,"A,1\n',
            "EOF inside string starting at row 1; wanted comma-separated values",
        ),
        ("\n\n\n", "No columns to parse from file; wanted comma-separated values"),
        (
            HEADER + GOOD + "2020-01-03,2,B,5\n",
            "line 42: found date 2020-01-03, store 2, item B again (see line 34); wanted each once",
        ),
    ],
)
def test_invalid_series_are_refused(here, error_of, content, found):
    assert error_of(prepare_series, here, content) == f"s.csv: {found}"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"stores": [1, 7]}, "s.csv: store: found no row of '7'; found '1', '2'"),
        ({"items": ["C"]}, "s.csv: item: found no row of 'C'; found 'A', 'B'"),
        ({"season": 6}, "s.csv: days: found 6 to train on; wanted more than one season (6)"),
    ],
)
def test_params_that_do_not_fit_the_file_are_refused(here, error_of, changes, found):
    assert error_of(lambda: prepare_series(here, HEADER + GOOD, **changes)) == found


def test_too_few_days_are_refused(here, error_of):
    assert "days: found 2 (0 train, 1 validation, 1 test); " in error_of(
        prepare_series, here, HEADER + "".join(rows(days=2))
    )


def test_bytes_that_are_not_utf8_are_reported(here, error_of):
    assert "byte 23 (0xff) is not UTF-8" in error_of(prepare_series, here, HEADER.encode() + b"2\xff")


def test_the_stores_and_items_of_a_year_are_reduced_to_their_mean(here):
    days = np.arange("2013-01-01", "2014-01-01", dtype="datetime64[D]").astype(str)
    sales = np.random.default_rng(0).integers(0, 200, (20, 10, len(days)))
    lines = [
        f"{day},{store + 1},{item + 1},{units}"
        for item in range(20)
        for store in range(10)
        for day, units in zip(days, sales[item, store].tolist(), strict=True)
    ]
    found = prepare_series(here, HEADER + "\n".join(lines), stores=[3], season=7)
    assert sum(found.card.rows.values()) == len(days)
    np.testing.assert_allclose(join_splits(found), sales[:, 2].mean(axis=0), rtol=1e-12)


def test_data_set_without_stores_is_refused(here, error_of):
    content = "date,sales\n" + "".join(f"2020-01-{day + 1:02},{day}\n" for day in range(20))
    assert error_of(prepare_series, here, content).startswith("s.csv: line 1: column 'store' is not there")
