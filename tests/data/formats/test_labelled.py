import gzip
import unicodedata
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.data.formats import FORMATS, prepare
from pipeline.params.datasets import LabelledParams

NAMES = {
    "Russian": ["Иванов", "Петров", "Сидоров", "Abel"],
    "Greek": ["Παπαδόπουλος", "Νικολάου", "Γεωργίου"],
    "English": ["Abel", "Smith", "Jones", "O'Neal", "Miller", "Baker"],
}


def labelled_params(raw="n.csv", **changes):
    values = {"format": "labelled", "raw": raw, "text": "name", "label": "language", "members": "*.txt"}
    values |= {"max_megabytes": 1, "validation": 0.2, "test": 0.2, "split_seed": 1, "refit": False}
    return LabelledParams(**values | changes)


def prepare_names(raw="n.csv", **changes):
    return prepare("names", labelled_params(raw, **changes))


def prepare_csv(here, rows, header="name,language", **changes):
    (here / "n.csv").write_text("\n".join([header, *(",".join(row) for row in rows)]), "utf-8")
    return prepare_names(**changes)


def decode_rows(found):
    return {
        split: [
            (found.vocabulary.decode(symbols[:length]), found.classes[label])
            for symbols, length, label in zip(*(arrays[n] for n in ("symbols", "lengths", "labels")), strict=True)
        ]
        for split, arrays in found.splits.items()
    }


PAIRS = [(name, label) for label in sorted(NAMES) for name in NAMES[label]]


def test_csv_folder_and_zip_give_the_same_data(here):
    csv = prepare_csv(here, PAIRS)
    with zipfile.ZipFile(here / "n.zip", "w") as archive:
        for label, names in NAMES.items():  # in another order than a folder lists them
            (here / "names").mkdir(exist_ok=True)
            (here / "names" / f"{label}.txt").write_text("\n".join(names), "utf-8")
            archive.writestr(f"data/names/{label}.txt", "\r\n".join(names) + "\r\n")
        archive.writestr("data/eng-fra.txt", "Go.\tVa !\n")
    folder, zipped = prepare_names("names"), prepare_names("n.zip", members="data/names/*.txt")
    assert csv.card.digest == folder.card.digest == zipped.card.digest
    assert csv.card.classes == {"English": 6, "Greek": 3, "Russian": 4}
    assert csv.classes == ("English", "Greek", "Russian")


def issues_of(found):
    return {issue.found: issue.done for issue in found.card.issues if "training rows" not in issue.found}


def test_repeats_are_dropped_and_ambiguous_names_reported(here):
    found = prepare_csv(here, [*PAIRS, ("Smith", "English"), ("Smith", "English")])
    assert sum(found.card.rows.values()) == len(PAIRS)
    assert issues_of(found) == {
        "2 rows that repeat a text with the same label": "dropped",
        "1 texts that have more than one label": "kept with each label, all in the same split",
    }


@pytest.mark.parametrize("seed", range(3))
def test_kept_repeats_share_a_split(here, seed):
    long = "e" * 20  # recognised by its length
    found = prepare_csv(
        here, [*PAIRS, *[(long, "English")] * 3, *[(long, "Russian")] * 2], repeats="keep", split_seed=seed
    )
    assert sum(found.card.rows.values()) == len(PAIRS) + 5
    assert sorted((arrays["lengths"] == 20).sum() for arrays in found.splits.values()) == [0, 0, 5]
    assert issues_of(found)["3 rows that repeat a text with the same label"].startswith("kept")
    assert "2 texts that have more than one label" in issues_of(found)


@pytest.mark.parametrize(("strip", "done"), [(False, "kept"), (True, "removed")])
def test_spaces_around_a_text_are_kept_unless_stripped_and_counted(here, strip, done):
    names = NAMES | {"English": [*NAMES["English"], " Odd", "Even\u3000"]}
    (here / "names").mkdir()
    for label, texts in names.items():
        (here / "names" / f"{label}.txt").write_text("\n".join([*texts, " \n"]), "utf-8")
    rows = [(name, f" {label}") for label in sorted(names) for name in names[label]]
    csv, folder = prepare_csv(here, rows, strip=strip), prepare_names("names", strip=strip)
    assert csv.card.digest == folder.card.digest
    expected = [len(name.strip() if strip else name) for name, _ in rows]
    assert sum(arrays["lengths"].sum() for arrays in csv.splits.values()) == sum(expected)
    assert issues_of(csv)["2 texts with white space at the start or end"].startswith(done)


def test_an_input_is_stripped_if_the_texts_are(here):
    for strip in (True, False):
        params = labelled_params(strip=strip)
        reader = FORMATS["labelled"].reader(params, prepare_csv(here, PAIRS, strip=strip), None)
        assert len(reader.read(" Abel", allow_oov=True)) == 4 + (not strip)


def test_accented_letters_are_composed(here):
    decomposed = unicodedata.normalize("NFD", "Müller")
    found = prepare_csv(here, [*PAIRS, ("Müller", "English"), (decomposed, "English")])
    assert [name for rows in decode_rows(found).values() for name, _ in rows].count("Müller") <= 1
    assert found.card.classes["English"] == 7
    assert "1 texts that have an accented letter as several symbols" in issues_of(found)


def test_vocabulary_has_the_symbols_of_the_training_rows_alone(here):
    found = prepare_csv(here, PAIRS)
    rows = decode_rows(found)
    assert set(found.vocabulary.symbols[1:]) == {letter for name, _ in rows["train"] for letter in name}
    assert found.vocabulary.unknown == 0
    held_out = [name for split in ("validation", "test") for name, _ in rows[split]]
    issues = " ".join(issue.found for issue in found.card.issues)
    assert ("with a symbol that does not occur in the training rows" in issues) == any(
        "\ufffd" in name for name in held_out
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.text("abc", min_size=1, max_size=3), st.sampled_from("XYZ"))), st.integers(0, 5))
def test_equal_names_are_in_one_split(here, rows, seed):
    rows += [(f"{letter}{label}", label) for label in "XYZ" for letter in "pqr"]
    splits = decode_rows(prepare_csv(here, rows, split_seed=seed))
    names = [{name for name, _ in split} for split in splits.values()]
    known = [{name for name in split if "\ufffd" not in name} for split in names]
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
        ([("\u200b\u2060", "X")], r"line 2: name: found '\u200b\u2060', which shows nothing; wanted a text"),
        ([*PAIRS, ("A", "\u00ad")], r"line 15: language: found '\xad', which shows nothing; wanted a text"),
        (
            [*PAIRS, ("A", "X"), ("B", "X"), ("A", "X")],
            "distinct rows of label 'X': found 2 (0 train, 1 validation, 1 test); ",
        ),
    ],
)
def test_invalid_rows_are_refused(here, error_of, rows, found):
    assert error_of(prepare_csv, here, rows).startswith(f"n.csv: {found}")


def test_missing_column_is_reported_with_the_columns_found(here, error_of):
    message = error_of(prepare_csv, here, PAIRS, "surname,language")
    assert message == "n.csv: line 1: column 'name' is not there; found 'surname', 'language'"


def test_member_that_is_not_utf8_is_reported(here, error_of):
    with zipfile.ZipFile(here / "n.zip", "w") as archive:
        archive.writestr("A.txt", b"ok\nM\xfcller\n")
    message = error_of(prepare_names, "n.zip")
    assert message == "n.zip: member 'A.txt': byte 4 (0xfc) is not UTF-8; save the file as UTF-8"


@pytest.mark.parametrize(
    ("name", "line", "found"),
    [(" .txt", "a", "label: found nothing"), ("A.txt", "a\n\n\u200b", r"line 3: found '\u200b', which shows nothing")],
)
def test_label_file_without_a_visible_label_or_text_is_refused(here, error_of, name, line, found):
    (here / "names").mkdir()
    (here / "names" / name).write_text(line, "utf-8")
    assert error_of(prepare_names, "names") == f"names: member '{name}': {found}; wanted a text"


def test_packed_csv_and_label_files_are_read(here):
    (here / "names").mkdir()
    for label, names in NAMES.items():
        (here / "names" / f"{label}.txt.gz").write_bytes(gzip.compress("\n".join(names).encode()))
    digest = prepare_csv(here, PAIRS).card.digest
    (here / "n.csv.gz").write_bytes(gzip.compress((here / "n.csv").read_bytes()))
    assert prepare_names("n.csv.gz").card.digest == digest
    assert prepare_names("names", members="*.txt.gz").card.digest == digest


def test_empty_member_is_refused(here, error_of):
    (here / "names").mkdir()
    (here / "names/A.txt").touch()
    assert error_of(prepare_names, "names") == "names: member 'A.txt': the file is empty; wanted data"
