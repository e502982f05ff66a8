import warnings
import zipfile

import pytest

from pipeline.data.archives import is_zip, read_members, read_single_member


@pytest.fixture
def make_zip(here):
    def pack(entries, name="a.zip"):
        with zipfile.ZipFile(here / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in entries:
                archive.writestr(member, content)
        return here / name

    return pack


def read_single(path, max_megabytes=1):
    return b"".join(read_single_member(path, max_megabytes))


def read_all(path, pattern="*.txt", max_megabytes=1):
    return [(name, b"".join(content)) for name, content in read_members(path, pattern, max_megabytes)]


def test_zip_is_recognised_by_its_content(make_zip, here):
    assert is_zip(make_zip([("a", "x")], "a.dat"))
    assert is_zip(make_zip([], "b.dat"))
    (here / "c.zip").write_text("text")
    assert not is_zip(here / "c.zip")
    assert not is_zip(here)


def test_single_member_is_read(make_zip):
    assert read_single(make_zip([("folder/", ""), ("folder/a.txt", "x" * 3_000_000)]), 3) == b"x" * 3_000_000


def test_files_that_the_mac_adds_are_ignored(make_zip):
    assert read_single(make_zip([("a.txt", "x"), ("__MACOSX/._a.txt", "y")])) == b"x"


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([], "found no file in the zip; wanted exactly one"),
        ([("a", "1"), ("b", "2")], "found 2 files ('a', 'b') in the zip; wanted exactly one"),
    ],
)
def test_more_or_less_than_one_member_is_refused(make_zip, error_of, entries, found):
    assert error_of(read_single, make_zip(entries)).endswith(found)


@pytest.mark.parametrize("name", ["../a.txt", "/a.txt", "x/../../a.txt", "..\\a.txt", "C:/a.txt", "C:\\a.txt"])
def test_member_outside_the_folder_is_refused(make_zip, error_of, name):
    path = make_zip([("good.txt", "x"), (name, "x")])
    assert "leads out of the zip" in error_of(read_single, path)
    assert "leads out of the zip" in error_of(read_all, path)


def test_duplicate_member_is_refused(make_zip, error_of):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns while writing
        path = make_zip([("a.txt", "x"), ("a.txt", "y")])
    assert "'a.txt' is in the zip twice" in error_of(read_all, path)


def test_size_limit_applies_to_one_member_and_to_the_sum_of_members(make_zip, error_of):
    message = "unpacks to more than 1 megabytes; raise `max_megabytes` if that is right"
    assert error_of(read_single, make_zip([("a.txt", bytes(1_000_001))])).endswith(message)
    assert len(read_single(make_zip([("a.txt", bytes(1_000_000))]))) == 1_000_000
    assert error_of(read_all, make_zip([("a.txt", bytes(600_000)), ("b.txt", bytes(600_000))])).endswith(message)


def test_size_limit_does_not_trust_the_header(make_zip, error_of):
    path = make_zip([("a.txt", bytes(5_000_000))])
    content = path.read_bytes().replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(content)
    assert any(word in error_of(read_single, path) for word in ("damaged", "more than 1 megabytes"))


@pytest.mark.parametrize("cut", [4, 60, -1])
def test_truncated_zip_is_refused(make_zip, error_of, cut):
    path = make_zip([("a.txt", "hello " * 1000)])
    path.write_bytes(path.read_bytes()[:cut])
    assert error_of(read_single, path).startswith(f"{path}: damaged zip")


def local(offset, value):
    """Change the header of the last member, which stands before its content."""
    return lambda content: content.__setitem__(content.rindex(b"PK\x03\x04") + offset, value)


def central(offset, value):
    """Change the entry of the last member in the list at the end of a zip."""
    return lambda content: content.__setitem__(content.rindex(b"PK\x01\x02") + offset, value)


ENCRYPTED, UNKNOWN, NOT_UTF8 = (6, 1), (8, 93), (30, 0xFF)
BROKEN = {
    "password": ([local(*ENCRYPTED), central(8, 1)], "member 'b.txt': encrypted", "without a password"),
    "compression": ([local(*UNKNOWN), central(10, 93)], "member 'b.txt': ", "the usual compression, Deflate"),
    "checksum": ([local(14, 0), central(16, 0)], "member 'b.txt': damaged zip (Bad CRC-32", "get it again"),
    "content": ([local(35, 7)], "member 'b.txt': damaged zip (Error -3", "get it again"),
    "header": ([local(0, 0)], "member 'b.txt': damaged zip", "get it again"),
    "place": ([central(43, 0xFF)], "member 'b.txt': damaged zip", "get it again"),
    "name": ([local(*NOT_UTF8), central(46, 0xFF)], r"the name of member '\\xff.txt' is not UTF-8", "zip again"),
    "no name": ([local(30, 0), central(46, 0)], "member '' leads out", "wanted names inside it"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_member_is_named_with_its_cure(make_zip, error_of, kind):
    changes, found, cure = BROKEN[kind]
    path = make_zip([("a.txt", "good"), ("b.txt", "hello " * 1000)])
    content = bytearray(path.read_bytes())
    for change in changes:
        change(content)
    path.write_bytes(content)
    line = error_of(read_all, path)
    assert line.startswith(f"{path}: {found}")
    assert line.endswith(cure)


def test_name_is_read_as_utf8_also_where_the_zip_does_not_say_so(make_zip):
    path = make_zip([("é.txt", "x")])
    content = bytearray(path.read_bytes())
    for change in (local(7, 0), central(9, 0)):
        change(content)
    path.write_bytes(content)
    assert read_all(path) == [("é.txt", b"x")]


def test_name_of_a_member_is_shown_in_one_short_line(make_zip, error_of):
    line = error_of(read_all, make_zip([("../a\n\x1b" + "x" * 1000, "x")]))
    assert r"'../a\n\x1bxxx" in line
    assert len(line.removeprefix(str(make_zip([])))) < 250


NAMES = ["b.txt", "a.txt", "c.csv", "deep/d.txt", ".hidden.txt"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.txt", ["a.txt", "b.txt"]),
        ("deep/*.txt", ["deep/d.txt"]),
        ("?.csv", ["c.csv"]),
        (".*", [".hidden.txt"]),
    ],
)
def test_pattern_selects_the_same_files_in_zip_and_folder(make_zip, here, pattern, found):
    for name in NAMES:
        (here / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (here / "folder" / name).write_text(name)
    expected = [(name, name.encode()) for name in found]
    assert read_all(here / "folder", pattern) == expected
    assert read_all(make_zip([(name, name) for name in NAMES]), pattern) == expected


def test_pattern_without_a_match_is_refused(make_zip, error_of):
    message = error_of(read_all, make_zip([("a.csv", "x")]))
    assert message.endswith("no file matches members '*.txt'; found 'a.csv'")
