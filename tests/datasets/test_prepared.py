import numpy as np
import pytest

from pipeline.datasets.formats import prepare
from pipeline.datasets.prepared import read, read_whole, scale, write
from pipeline.settings import LabelledSettings, PairsSettings, SeriesSettings, TextSettings, WindowsSettings
from pipeline.settings import WordsSettings as Words

SHARES = {"validation": 0.2, "test": 0.2, "refit": False}
TEXT = {"raw": "t.txt", "alphabet": "abc ", "skip": 0, "limit": 0, "megabytes": 1}
COLUMNS = {"date": "date", "store": "store", "item": "item", "sales": "sales"}
SETTINGS = {
    "words": Words(format="words", raw="w.txt", alphabet="abc", split_seed=1, **SHARES),
    "pairs": PairsSettings(format="pairs", raw="p.csv", inputs="x", separator=" ", target="y", split_seed=1, **SHARES),
    "series": SeriesSettings(
        format="series", raw="s.csv", stores="all", items="all", reduce="sum", season=1, **COLUMNS, **SHARES
    ),
    "labelled": LabelledSettings(
        format="labelled", raw="n.csv", text="x", label="y", members="*", megabytes=1, split_seed=1, **SHARES
    ),
    "text": TextSettings(format="text", **TEXT, **SHARES),
    "windows": WindowsSettings(format="windows", width=2, stride=1, classes={"a": "a", "b": "bc"}, **TEXT, **SHARES),
}
FILES = {
    "w.txt": "ab\nbc\nca\ncc\naba\n",
    "p.csv": "x,y\n" + "".join(f"{n} 1,{n}\n" for n in range(9)),
    "s.csv": "date,store,item,sales\n" + "".join(f"2020-01-0{n},1,1,{n * n}\n" for n in range(1, 9)),
    "n.csv": "x,y\n" + "".join(f"{a}{b},{a}\n" for a in "pq" for b in "rstuv"),
    "t.txt": "abc cab abba cabac bac " * 9,
}
LAST = {  # another last line for each file
    "words": "bab\n",
    "pairs": "8 2,8\n",
    "series": "2020-01-08,1,1,65\n",
    "labelled": "qw,q\n",
    "text": "c" * 207,
    "windows": "cab" * 69,
}
formats = pytest.mark.parametrize("name", SETTINGS)


@pytest.fixture
def raw(here):
    for name, content in FILES.items():
        (here / name).write_text(content)
    return here


@formats
def test_what_is_written_reads_back_the_same(raw, name):
    found = prepare(name, SETTINGS[name])
    write(found, raw)
    again = read(raw)
    assert again.card == found.card
    assert again.codec == found.codec
    assert again.classes == found.classes
    assert list(again.splits) == list(found.splits) == ["train", "validation", "test"]
    for split, arrays in found.splits.items():
        assert again.splits[split].keys() == arrays.keys()
        for key, array in arrays.items():
            assert again.splits[split][key].dtype == array.dtype
            np.testing.assert_array_equal(again.splits[split][key], array)


@formats
def test_the_card_names_data_set_format_and_task(raw, name):
    card = prepare(name, SETTINGS[name]).card
    assert (card.dataset, card.format, card.task) == (name, name, SETTINGS[name].task)
    assert len(card.raw_sha256) == len(card.digest) == 64


@formats
def test_the_digest_follows_the_content(raw, name):
    before = prepare(name, SETTINGS[name]).card
    path = raw / SETTINGS[name].raw
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:-1], LAST[name]]))
    after = prepare(name, SETTINGS[name]).card
    assert after.raw_sha256 != before.raw_sha256
    assert after.digest != before.digest
    path.write_text("".join(lines))
    assert prepare(name, SETTINGS[name]).card == before


def test_the_scale_is_measured_exactly():
    assert scale(np.array([1e16, 1.0, -1e16, 3.0])).mean == 1.0
    assert scale(np.array([2.0, 2.0])).model_dump() == {"mean": 2.0, "std": 1.0, "seasonal_error": 0.0}
    assert scale(np.array([1.0, 5.0, 2.0, 9.0]), 2).seasonal_error == 2.5


def test_a_damaged_array_is_told(raw, fault):
    write(prepare("words", SETTINGS["words"]), raw)
    (raw / "train/symbols.npy").write_bytes(b"x")
    assert "damaged" in fault(read, raw)


@formats
def test_a_byte_that_has_changed_is_told(raw, fault, name):
    write(prepare(name, SETTINGS[name]), raw)
    assert read_whole(raw).card == read(raw).card
    path = max((raw / "train").iterdir())
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert fault(read_whole, raw) == f"{raw}: damaged, by the digest in its card.json; run `make mend` and `dvc repro`"


def test_a_folder_that_is_not_prepared_is_told(here, fault):
    assert fault(read, here).endswith("card.json: no such file; run `dvc repro`, which makes it")


def test_a_split_without_its_folder_is_told(raw, fault):
    write(prepare("words", SETTINGS["words"]), raw)
    for path in (raw / "test").iterdir():
        path.unlink()
    assert "test: no arrays" in fault(read, raw)


def test_a_card_of_another_version_is_told(raw, fault):
    write(prepare("words", SETTINGS["words"]), raw)
    (raw / "card.json").write_text('{"dataset": "words"}')
    assert "not a card of this version" in fault(read, raw)
