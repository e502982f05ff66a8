import unicodedata
import zipfile

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from pipeline.datasets.formats import prepare
from pipeline.settings import LabelledSettings

NAMES = {
    "Russian": ["Иванов", "Петров", "Сидоров", "Abel"],
    "Greek": ["Παπαδόπουλος", "Νικολάου", "Γεωργίου"],
    "English": ["Abel", "Smith", "Jones", "O'Neal", "Miller", "Baker"],
}


def prepared(raw="n.csv", **changed):
    values = {"format": "labelled", "raw": raw, "text": "name", "label": "language", "members": "*.txt"}
    values |= {"megabytes": 1, "validation": 0.2, "test": 0.2, "split_seed": 1, "refit": False}
    return prepare("names", LabelledSettings(**values | changed))


def from_csv(here, rows, header="name,language", **changed):
    (here / "n.csv").write_text("\n".join([header, *(",".join(row) for row in rows)]), "utf-8")
    return prepared(**changed)


def rows_of(found):
    return {
        split: [
            (found.codec.decode(symbols[:length]), found.classes[label])
            for symbols, length, label in zip(*(arrays[n] for n in ("symbols", "lengths", "labels")), strict=True)
        ]
        for split, arrays in found.splits.items()
    }


PAIRS = [(name, label) for label in sorted(NAMES) for name in NAMES[label]]


def test_a_csv_a_folder_and_a_zip_prepare_alike(here):
    csv = from_csv(here, PAIRS)
    with zipfile.ZipFile(here / "n.zip", "w") as archive:
        for label, names in NAMES.items():  # in another order than a folder lists them
            (here / "names").mkdir(exist_ok=True)
            (here / "names" / f"{label}.txt").write_text("\n".join(names), "utf-8")
            archive.writestr(f"data/names/{label}.txt", "\r\n".join(names) + "\r\n")
        archive.writestr("data/eng-fra.txt", "Go.\tVa !\n")
    folder, packed = prepared("names"), prepared("n.zip", members="data/names/*.txt")
    assert csv.card.digest == folder.card.digest == packed.card.digest
    assert csv.card.classes == {"English": 6, "Greek": 3, "Russian": 4}
    assert csv.classes == ("English", "Greek", "Russian")


def test_repeats_are_dropped_and_shared_names_told(here):
    found = from_csv(here, [*PAIRS, ("Smith", "English"), (" Smith ", "English")])
    assert sum(found.card.rows.values()) == len(PAIRS)
    told = [fault.found for fault in found.card.faults]
    assert told[0] == "2 rows that repeat a text of the same label"
    assert told[1] == "1 texts that stand under more than one label"


def test_letters_are_composed(here):
    apart = unicodedata.normalize("NFD", "Müller")
    found = from_csv(here, [*PAIRS, ("Müller", "English"), (apart, "English")])
    assert [name for rows in rows_of(found).values() for name, _ in rows].count("Müller") <= 1
    assert found.card.classes["English"] == 7


def test_the_vocabulary_knows_the_training_rows_alone(here):
    found = from_csv(here, PAIRS)
    rows = rows_of(found)
    assert set(found.codec.symbols[1:]) == {letter for name, _ in rows["train"] for letter in name}
    assert found.codec.unknown == 0
    held_out = [name for split in ("validation", "test") for name, _ in rows[split]]
    told = " ".join(fault.found for fault in found.card.faults)
    assert ("with a symbol that no training row has" in told) == any("\ufffd" in name for name in held_out)


@trying(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.text("abc", min_size=1, max_size=3), st.sampled_from("XYZ"))), st.integers(0, 5))
def test_a_name_stays_on_one_side(here, rows, seed):
    rows += [(f"{letter}{label}", label) for label in "XYZ" for letter in "pqr"]
    sides = rows_of(from_csv(here, rows, split_seed=seed))
    symbols = [{name for name, _ in side} for side in sides.values()]
    known = [{name for name in names if "\ufffd" not in name} for names in symbols]
    assert not known[0] & known[1]
    assert not known[0] & known[2]
    assert not known[1] & known[2]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([("A", "X")], "found 1 labels; wanted at least 2 to choose between"),
        ([], "found 0 labels; wanted at least 2 to choose between"),
        ([*PAIRS, ("A", "")], "line 15: language: found nothing; wanted a text"),
        ([("", "X")], "line 2: name: found nothing; wanted a text"),
        (
            [*PAIRS, ("A", "X"), ("B", "X"), ("A", "X")],
            "distinct rows of label 'X': found 2 (0 train, 1 validation, 1 test); ",
        ),
    ],
)
def test_bad_rows_are_refused(here, fault, rows, found):
    assert fault(from_csv, here, rows).startswith(f"n.csv: {found}")


def test_a_missing_column_lists_those_found(here, fault):
    message = fault(from_csv, here, PAIRS, "surname,language")
    assert message == "n.csv: line 1: column 'name' is not there; found 'surname', 'language'"


def test_a_member_that_is_not_utf8_is_named(here, fault):
    with zipfile.ZipFile(here / "n.zip", "w") as archive:
        archive.writestr("A.txt", b"ok\nM\xfcller\n")
    message = fault(prepared, "n.zip")
    assert message == "n.zip/A.txt: byte 4 (0xfc) is not UTF-8; save the file as UTF-8"


def test_an_empty_member_is_named(here, fault):
    (here / "names").mkdir()
    (here / "names/A.txt").touch()
    assert fault(prepared, "names") == "names/A.txt: the file is empty; wanted data"
