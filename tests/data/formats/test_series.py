import numpy as np
import pytest

from pipeline.data.formats import prepare
from pipeline.params.datasets import SeriesParams

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


GOOD = "".join(rows())


def join_splits(found, name="values"):
    return np.concatenate([arrays[name] for arrays in found.splits.values()])


def test_days_are_reduced_and_split_by_date(here):
    found = prepare_series(here, HEADER + GOOD)
    assert join_splits(found).tolist() == [100 * day + 15.5 for day in range(10)]
    assert found.card.rows == {"train": 6, "validation": 2, "test": 2}
    assert join_splits(found, "dates").dtype == "datetime64[D]"
    assert (np.diff(join_splits(found, "dates")).astype(int) == 1).all()
    assert found.card.issues == ()


def test_chosen_stores_and_items_are_summed(here):
    found = prepare_series(here, HEADER + GOOD, stores=[2], items=["A", "B"], reduce="sum")
    assert join_splits(found).tolist() == [200 * day + 41 for day in range(10)]


def test_columns_may_have_any_name_and_order(here):
    content = "x,ventes,article,magasin,jour\n"
    for row in rows():
        day, store, item, sales = row.strip().split(",")
        content += f"ignored, {sales} ,{item},{store},{day}\r\n"
    named = {"date": "jour", "store": "magasin", "item": "article", "sales": "ventes"}
    digest = prepare_series(here, HEADER + GOOD).card.digest
    assert prepare_series(here, "\ufeff" + content + " \n,,,,\n", **named).card.digest == digest


def test_names_are_texts_and_numbers_are_exact(here):
    exact = "4.35", "1e-5", "0.30000000000000004441", "9007199254740993", "+007", ".5"
    lines = [f"2020-01-{day + 1:02},NA,007,{exact[day % 6]}\n2020-01-{day + 1:02},1,7,5\n" for day in range(12)]
    found = prepare_series(here, HEADER + "".join(lines), stores=["NA"], items=["007"])
    assert join_splits(found).tolist() == [float(text) for text in exact] * 2


def test_order_of_the_rows_does_not_matter(here):
    lines = [row.replace("\n", ".1\n") for row in rows(stores=range(9))]
    shuffled = np.random.default_rng(0).permutation(lines).tolist()
    digests = {prepare_series(here, HEADER + "".join(order)).card.digest for order in (lines, shuffled, lines[::-1])}
    assert len(digests) == 1


def test_scale_comes_from_the_training_days_alone(here):
    found = prepare_series(here, HEADER + GOOD)
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
        "1 days without a row between 2020-01-01 and 2020-01-10: 2020-01-04",
        "1 days with fewer rows than other days",
    ]


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        *(
            (f"{text},1,A,1", "date", text)
            for text in ("", "2020-02-30", "2020-1-1", "20200101", "0000-01-01", "9999-12-31")
        ),
        ("2020-01-01,,A,1", "store", ""),
        ("2020-01-01,1,,1", "item", ""),
        *((f"2020-01-01,1,A,{text}", "sales", text) for text in ("", "x", "-1", "NaN", "inf", "1e200", "1_000", "0x1")),
    ],
)
def test_invalid_values_are_refused_with_line_and_column(here, error_of, row, column, value):
    message = error_of(prepare_series, here, HEADER + GOOD + f"\n{row}\n")
    assert message.startswith(f"s.csv: line 43: {column}: found {value!r}; wanted ")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "the file is empty"),
        (HEADER, "found no rows under the header"),
        ("date,sales\n2020-01-01,1\n", "line 1: column 'store' is not there; found 'date', 'sales'"),
        (HEADER + "2020-01-01,1,A,1,7\n", "line 2: found 5 fields; wanted 4"),
        (HEADER + '2020-01-01,1,"A,1\n', "line 2: "),
        ("\n\n\n", "found no rows under the header"),
        (HEADER + "2020-01-01,1,A\n", "line 2: found 3 fields; wanted 4"),
        (HEADER.encode() + b"2\xff", "byte 23 (0xff) is not UTF-8"),
        (HEADER + GOOD + "2020-01-03,2,B,5\n", "line 42: found date 2020-01-03, store 2, item B again (see line 34)"),
        (HEADER + "".join(rows(days=2)), "days: found 2 (0 train, 1 validation, 1 test); "),
    ],
)
def test_files_that_are_no_series_are_refused(here, error_of, content, found):
    assert error_of(prepare_series, here, content).startswith(f"s.csv: {found}")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"stores": [1, 7]}, "store: found no row of '7'; found '1', '2'"),
        ({"items": ["C"]}, "item: found no row of 'C'; found 'A', 'B'"),
        ({"season": 6}, "days: found 6 to train on; wanted more than one season (6)"),
    ],
)
def test_params_that_do_not_fit_the_file_are_refused(here, error_of, changes, found):
    assert error_of(lambda: prepare_series(here, HEADER + GOOD, **changes)) == f"s.csv: {found}"
