import warnings
import zipfile

import pytest

from pipeline.datasets.archives import is_zip, members, only_member


@pytest.fixture
def packed(here):
    def pack(entries, name="a.zip"):
        with zipfile.ZipFile(here / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in entries:
                archive.writestr(member, content)
        return here / name

    return pack


def text_of(path, megabytes=1):
    return b"".join(only_member(path, megabytes))


def texts_of(path, pattern="*.txt", megabytes=1):
    return [(name, b"".join(content)) for name, content in members(path, pattern, megabytes)]


def test_a_zip_is_known_by_its_content(packed, here):
    assert is_zip(packed([("a", "x")], "a.dat"))
    assert is_zip(packed([], "b.dat"))
    (here / "c.zip").write_text("text")
    assert not is_zip(here / "c.zip")
    assert not is_zip(here)


def test_one_member_is_read(packed):
    assert text_of(packed([("folder/", ""), ("folder/a.txt", "x" * 3_000_000)]), 3) == b"x" * 3_000_000


def test_what_the_mac_adds_is_left_out(packed):
    assert text_of(packed([("a.txt", "x"), ("__MACOSX/._a.txt", "y")])) == b"x"


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([], "found no file in the zip; wanted exactly one"),
        ([("a", "1"), ("b", "2")], "found 2 files ('a', 'b') in the zip; wanted exactly one"),
    ],
)
def test_another_number_of_members_is_refused(packed, fault, entries, found):
    assert fault(text_of, packed(entries)).endswith(found)


@pytest.mark.parametrize("name", ["../a.txt", "/a.txt", "x/../../a.txt", "..\\a.txt", "C:/a.txt", "C:\\a.txt"])
def test_a_path_that_leaves_the_folder_is_refused(packed, fault, name):
    path = packed([("good.txt", "x"), (name, "x")])
    assert "leaves the folder" in fault(text_of, path)
    assert "leaves the folder" in fault(texts_of, path)


def test_a_member_that_stands_twice_is_refused(packed, fault):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's own, while writing
        path = packed([("a.txt", "x"), ("a.txt", "y")])
    assert "'a.txt' stands in the zip twice" in fault(texts_of, path)


def test_the_limit_holds_for_one_member_and_for_all_together(packed, fault):
    limit = "unpacks to more than 1 megabytes; raise `megabytes` if it may"
    assert fault(text_of, packed([("a.txt", bytes(1_000_001))])).endswith(limit)
    assert len(text_of(packed([("a.txt", bytes(1_000_000))]))) == 1_000_000
    assert fault(texts_of, packed([("a.txt", bytes(600_000)), ("b.txt", bytes(600_000))])).endswith(limit)


def test_the_limit_holds_against_a_header_that_lies(packed, fault):
    path = packed([("a.txt", bytes(5_000_000))])
    content = path.read_bytes().replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(content)
    assert any(word in fault(text_of, path) for word in ("damaged", "more than 1 megabytes"))


def test_damage_is_told(packed, fault, here):
    path = packed([("a.txt", "hello " * 1000)])
    content = path.read_bytes()
    for damaged in (content[:60], content[:40] + b"XXXX" + content[44:], content[:4]):
        path.write_bytes(damaged)
        assert "damaged zip" in fault(text_of, path)


def test_a_zip_with_a_password_is_told(packed, fault):
    path = packed([("a.txt", "x")])
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "wanted a plain zip" in fault(text_of, path)


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
def test_a_pattern_chooses_alike_in_zip_and_folder(packed, here, pattern, found):
    for name in NAMES:
        (here / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (here / "folder" / name).write_text(name)
    wanted = [(name, name.encode()) for name in found]
    assert texts_of(here / "folder", pattern) == wanted
    assert texts_of(packed([(name, name) for name in NAMES]), pattern) == wanted


def test_a_pattern_that_nothing_fits_is_told(packed, fault):
    message = fault(texts_of, packed([("a.csv", "x")]))
    assert message.endswith("no file fits members '*.txt'; found 'a.csv'")
