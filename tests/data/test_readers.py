import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data import readers
from pipeline.data.readers import decode, numbered_lines, parse_number, read_columns, read_text, shorten


def blocks_of(content, size):
    return (content[start : start + size] for start in range(0, len(content), size))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), st.integers(1, 7))
def test_text_decodes_the_same_in_blocks_of_any_size(text, size):
    content = text.encode()
    expected = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    assert "".join(decode(blocks_of(content, size), "x")) == expected


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
def test_bytes_that_are_not_utf8_are_reported(error_of, content, found, size):
    message = error_of(lambda: "".join(decode(blocks_of(content, size), "a.txt")))
    assert message == f"a.txt: {found} is not UTF-8; save the file as UTF-8"


LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:12ab\nsize 5\n"


PACKED = gzip.compress(gzip.compress(b"x", mtime=0), mtime=0)
IMPOSTORS = {
    "pointer": (LFS.encode(), "a pointer of Git LFS", "run `git lfs pull`"),
    "page": ("\ufeff\n <!DOCTYPE HTML>\n<html>".encode(), "a web page", "get it again"),
    "error page": (b"<html lang='en'><h1>Not, found", "a web page", "get it again"),
    "zip": (b"PK\x03\x04", "a zip", "unpack it"),
    "packed twice": (PACKED, "packed more than once", "unpack it"),
    "nothing": (bytes(1000), "byte 0 (0x00) is no text", "get the file again"),
    "UTF-16": ("text".encode("utf-16-le"), "byte 1 (0x00) is no text", "as UTF-8"),
}


@pytest.mark.parametrize("kind", IMPOSTORS)
def test_what_only_looks_like_a_text_is_refused(here, error_of, kind):
    content, found, cure = IMPOSTORS[kind]
    (here / "x").write_bytes(content)
    line = error_of(read_text, here / "x")
    assert line.startswith(f"{here}/x: {found}")
    assert cure in line


def test_nul_is_found_in_a_later_block(error_of):
    assert "byte 5 (0x00)" in error_of(lambda: "".join(decode(blocks_of("é123\0x".encode(), 2), "a.txt")))


def test_gzip_file_is_read_whatever_its_name(here):
    (here / "x.csv").write_bytes(gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n"))
    assert list(read_columns(here / "x.csv", "b")) == [(2, ["2"])]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda packed: packed[:-9], "damaged gzip file"),
        (lambda packed: packed[:30] + b"x" * 9 + packed[39:], "damaged gzip file"),
        (lambda packed: packed + b"more", "damaged gzip file"),
        (lambda packed: packed, "unpacks to more than 1 megabytes; raise `max_megabytes`"),
    ],
)
def test_gzip_file_that_is_damaged_or_too_large_is_refused(here, error_of, change, found):
    (here / "x").write_bytes(change(gzip.compress(b"ab\n" + (b"x" * 1000 + b"\n") * 1200)))
    line = error_of(lambda: list(read_columns(here / "x", "ab", max_megabytes=1 if "unpacks" in found else 2)))
    assert line.startswith(f"{here}/x: {found}")


def test_gzip_bomb_is_refused_where_no_setting_limits_it(here, error_of, monkeypatch):
    monkeypatch.setattr(readers, "MIN_UNPACKED", 1)
    (here / "x").write_bytes(gzip.compress(b"a\n" + (b"x" * 1000 + b"\n") * 1200))
    line = error_of(lambda: list(read_columns(here / "x", "a")))
    assert line == f"{here}/x: unpacks to more than 1 megabytes; unpack it if that is right"


def test_missing_file_is_reported(here, error_of):
    assert error_of(read_text, here / "x.txt").startswith(f"{here}/x.txt: no such file; ")


def test_empty_file_is_refused(here, error_of):
    (here / "x.txt").touch()
    assert error_of(read_text, here / "x.txt") == f"{here}/x.txt: the file is empty; wanted data"


def test_folder_in_place_of_a_file_is_refused(here, error_of):
    assert "Is a directory" in error_of(read_text, here)


def test_blank_lines_are_skipped_but_counted():
    assert list(numbered_lines(blocks_of(b"a\n\n \t\n b \n", 3), "x")) == [(1, "a"), (4, " b ")]


@pytest.fixture
def parse(here):
    def read(content, *names):
        (here / "t.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_columns(here / "t.csv", *names))

    return read


def test_columns_are_read_by_name_with_line_numbers(parse):
    content = '\ufeffa, b ,c\r\n1,2,3\r\n\r\n"4\n5", 6,7\n8,9,"1"\n'
    assert parse(content, "c", "b") == [(2, ["3", "2"]), (4, ["7", "6"]), (6, ["1", "9"])]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("a,c\n1,2\n", "line 1: column 'b' is not there; found 'a', 'c'"),
        ("b,b\n1,2\n", "line 1: column 'b' is there twice; found 'b', 'b'"),
        ("\n\n", "line 1: column 'b' is not there; found nothing"),
        ("a,b\n1,2\n1\n", "line 3: found 1 fields; wanted 2"),
        ("a,b\n1,2,3\n", "line 2: found 3 fields; wanted 2"),
        ('a,b\n1,2\n1,"2\n', "line 3: unexpected end of data; wanted comma-separated values"),
    ],
)
def test_invalid_table_is_refused(parse, error_of, content, found):
    assert error_of(parse, content, "b").endswith(f"t.csv: {found}")


def test_only_a_few_of_many_columns_are_listed(parse, error_of):
    line = error_of(parse, ",".join(f"c{column}" for column in range(10_000)) + "\n", "b")
    assert line.endswith("found 'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9' and 9990 more")


def test_endless_line_is_refused(parse, error_of, monkeypatch):
    monkeypatch.setattr(readers, "BLOCK", 100)
    monkeypatch.setattr(readers, "MAX_LINE", 1000)
    assert "t.csv: line 2: longer than 1,000 characters" in error_of(parse, "a,b\n" + "x" * 2000, "b")


def test_number_must_be_finite_and_without_underscores():
    assert parse_number(" 1.5e3") == 1500
    assert [parse_number(text) for text in ("", "x", "nan", "-inf", "1e999", "1_000")] == [None] * 6


def test_shortened_value_is_short_and_on_one_line():
    assert shorten("a\nb") == "'a\\nb'"
    assert len(shorten("x" * 1000)) < 50
