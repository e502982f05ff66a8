import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets.reading import columns, decoded, finite, lines, shown, whole


def cut(content, size):
    return (content[start : start + size] for start in range(0, len(content), size))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.integers(1, 7))
def test_blocks_of_any_size_decode_alike(text, size):
    content = text.encode()
    wanted = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    assert "".join(decoded(cut(content, size), "x")) == wanted


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"abc\xe9def", "byte 3 (0xe9)"),
        ("aé".encode("latin-1"), "byte 1 (0xe9)"),
        ("añ€".encode()[:-1], "byte 3 (0xe2)"),
        ("text".encode("utf-16"), "byte 0 (0xff)"),
    ],
)
def test_bytes_that_are_not_utf8_are_named(fault, content, found, size):
    message = fault(lambda: "".join(decoded(cut(content, size), "a.txt")))
    assert message == f"a.txt: {found} is not UTF-8; save the file as UTF-8"


def test_a_missing_file_is_named(here, fault):
    assert fault(whole, here / "x.txt").startswith(f"{here}/x.txt: no such file; ")


def test_an_empty_file_is_named(here, fault):
    (here / "x.txt").touch()
    assert fault(whole, here / "x.txt") == f"{here}/x.txt: the file is empty; wanted data"


def test_a_folder_is_no_file(here, fault):
    assert "Is a directory" in fault(whole, here)


def test_blank_lines_are_left_out_but_counted():
    assert list(lines("a\n\n \t\n b \n")) == [(1, "a"), (4, "b")]


@pytest.fixture
def table(here):
    def read(content, *names):
        (here / "t.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(columns(here / "t.csv", *names))

    return read


def test_columns_come_by_name_with_their_lines(table):
    content = '\ufeffa, b ,c\r\n1,2,3\r\n\r\n"4\n5", 6,7\n8,9,"1"\n'
    assert table(content, "c", "b") == [(2, ["3", "2"]), (4, ["7", "6"]), (6, ["1", "9"])]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("a,c\n1,2\n", "line 1: column 'b' is not there; found 'a', 'c'"),
        ("b,b\n1,2\n", "line 1: column 'b' is twice; found 'b', 'b'"),
        ("\n\n", "line 1: column 'b' is not there; found nothing"),
        ("a,b\n1,2\n1\n", "line 3: found 1 fields; wanted 2"),
        ("a,b\n1,2,3\n", "line 2: found 3 fields; wanted 2"),
        ('a,b\n1,2\n1,"2\n', "line 3: unexpected end of data; wanted comma-separated values"),
    ],
)
def test_a_faulty_table_is_refused(table, fault, content, found):
    assert fault(table, content, "b").endswith(f"t.csv: {found}")


def test_numbers_are_finite_and_plainly_written():
    assert finite(" 1.5e3") == 1500
    assert [finite(cell) for cell in ("", "x", "nan", "-inf", "1e999", "1_000")] == [None] * 6


def test_long_values_are_cut_and_stay_on_one_line():
    assert shown("a\nb") == "'a\\nb'"
    assert len(shown("x" * 1000)) < 50
