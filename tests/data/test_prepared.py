import numpy as np
import pytest

from pipeline.data.formats import prepare
from pipeline.data.prepared import join_splits, read, scale, write
from pipeline.data.prepared.verification import read_verified
from pipeline.params.datasets import LabelledParams, PairsParams, SeriesParams, TextParams, WindowsParams, WordsParams

SHARES = {"validation": 0.2, "test": 0.2, "refit": False}
TEXT = {"raw": "t.txt", "alphabet": "abc ", "skip": 0, "limit": 0, "max_megabytes": 1}
COLUMNS = {"date": "date", "store": "store", "item": "item", "sales": "sales"}
PARAMS = {
    "words": WordsParams(format="words", raw="w.txt", alphabet="abc", split_seed=1, **SHARES),
    "pairs": PairsParams(format="pairs", raw="p.csv", inputs="x", separator=" ", target="y", split_seed=1, **SHARES),
    "series": SeriesParams(
        format="series", raw="s.csv", stores="all", items="all", reduce="sum", season=1, **COLUMNS, **SHARES
    ),
    "labelled": LabelledParams(
        format="labelled", raw="n.csv", text="x", label="y", members="*", max_megabytes=1, split_seed=1, **SHARES
    ),
    "text": TextParams(format="text", **TEXT, **SHARES),
    "windows": WindowsParams(format="windows", width=2, stride=1, classes={"a": "a", "b": "bc"}, **TEXT, **SHARES),
}
FILES = {
    "w.txt": "ab\nbc\nca\ncc\naba\n",
    "p.csv": "x,y\n" + "".join(f"{n} 1,{n}\n" for n in range(9)),
    "s.csv": "date,store,item,sales\n" + "".join(f"2020-01-0{n},1,1,{n * n}\n" for n in range(1, 9)),
    "n.csv": "x,y\n" + "".join(f"{a}{b},{a}\n" for a in "pq" for b in "rstuv"),
    "t.txt": "abc cab abba cabac bac " * 9,
}
OTHER_LAST_LINES = {
    "words": "bab\n",
    "pairs": "8 2,8\n",
    "series": "2020-01-08,1,1,65\n",
    "labelled": "qw,q\n",
    "text": "c" * 207,
    "windows": "cab" * 69,
}
formats = pytest.mark.parametrize("name", PARAMS)


@pytest.fixture
def folder(here):
    for name, content in FILES.items():
        (here / name).write_text(content)
    return here


@formats
def test_written_data_set_reads_back_the_same(folder, name):
    found = prepare(name, PARAMS[name])
    write(found, folder)
    restored = read(folder)
    assert restored.card == found.card
    assert restored.vocabulary == found.vocabulary
    assert restored.classes == found.classes
    assert list(restored.splits) == list(found.splits) == ["train", "validation", "test"]
    for split, arrays in found.splits.items():
        assert restored.splits[split].keys() == arrays.keys()
        for key, array in arrays.items():
            assert restored.splits[split][key].dtype == array.dtype
            np.testing.assert_array_equal(restored.splits[split][key], array)


@formats
def test_data_card_has_data_set_format_and_task(folder, name):
    card = prepare(name, PARAMS[name]).card
    assert (card.dataset, card.format, card.task) == (name, name, PARAMS[name].task)
    assert len(card.raw_sha256) == len(card.digest) == 64


@formats
def test_digest_depends_on_the_content(folder, name):
    before = prepare(name, PARAMS[name]).card
    path = folder / PARAMS[name].raw
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:-1], OTHER_LAST_LINES[name]]))
    after = prepare(name, PARAMS[name]).card
    assert after.raw_sha256 != before.raw_sha256
    assert after.digest != before.digest
    path.write_text("".join(lines))
    assert prepare(name, PARAMS[name]).card == before


def test_scale_is_exact():
    assert scale(np.array([1e16, 1.0, -1e16, 3.0])).mean == 1.0
    assert scale(np.array([2.0, 2.0])).model_dump() == {"mean": 2.0, "std": 1.0, "seasonal_error": 0.0}
    assert scale(np.array([1.0, 5.0, 2.0, 9.0]), 2).seasonal_error == 2.5


def test_damaged_array_is_reported(folder, error_of):
    write(prepare("words", PARAMS["words"]), folder)
    (folder / "train/symbols.npy").write_bytes(b"x")
    assert "damaged" in error_of(read, folder)


@formats
def test_changed_byte_is_reported(folder, error_of, name):
    place = folder / "data/prepared" / name
    place.mkdir(parents=True)
    write(prepare(name, PARAMS[name]), place)
    assert read_verified(place).card == read(place).card
    path = max((place / "train").iterdir())
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert error_of(read_verified, place).startswith(
        f"{path}: damaged, by its digest in manifest.json; run `dvc repro`"
    )


def test_folder_without_a_data_set_is_reported(here, error_of):
    assert error_of(read, here).endswith("data_card.json: no such file; run `dvc repro`, which makes it")


def test_split_without_arrays_is_reported(folder, error_of):
    write(prepare("words", PARAMS["words"]), folder)
    for path in (folder / "test").iterdir():
        path.unlink()
    assert "test: no arrays" in error_of(read, folder)


def test_data_card_of_another_version_is_refused(folder, error_of):
    write(prepare("words", PARAMS["words"]), folder)
    (folder / "data_card.json").write_text('{"dataset": "words"}')
    assert "data_card.json: format: Field required; run `dvc repro`" in error_of(read, folder)


def test_splits_are_joined_in_order_and_padded_to_one_length():
    one = {"symbols": np.array([[1, 2]]), "lengths": np.array([2])}
    two = {"symbols": np.array([[3, 4, 5], [6, 0, 0]]), "lengths": np.array([3, 1])}
    found = join_splits({"train": one, "test": two})
    assert found["symbols"].tolist() == [[1, 2, 0], [3, 4, 5], [6, 0, 0]]
    assert found["lengths"].tolist() == [2, 3, 1]
