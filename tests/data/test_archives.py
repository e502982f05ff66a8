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


def test_damaged_zip_is_refused(make_zip, error_of, here):
    path = make_zip([("a.txt", "hello " * 1000)])
    content = path.read_bytes()
    for damaged in (content[:60], content[:40] + b"XXXX" + content[44:], content[:4]):
        path.write_bytes(damaged)
        assert "damaged zip" in error_of(read_single, path)


def test_zip_with_a_password_is_refused(make_zip, error_of):
    path = make_zip([("a.txt", "x")])
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "wanted a plain zip" in error_of(read_single, path)


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
