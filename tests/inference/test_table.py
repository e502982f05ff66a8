import gzip

import pytest

from pipeline.errors import InputError
from pipeline.inference import UnknownSymbolWarning


@pytest.fixture
def source(tmp_path):
    return tmp_path / "in.csv"


@pytest.mark.parametrize(
    ("name", "content", "found", "cure"),
    [
        ("names-lstm", "", "the file is empty", "wanted data"),
        ("names-lstm", "\n\n", "line 1: column 'name' is not there; found nothing", "--column names another"),
        ("names-lstm", "name\n", "found no rows", "wanted one for each input"),
        ("names-lstm", "id,Name\n1,K\n", "line 1: column 'name' is not there; found 'id', 'Name'", "--column"),
        ("names-lstm", "name,name\nK,K\n", "line 1: column 'name' is there twice", "--column names another"),
        ("names-lstm", "name,probability\nK,1\n", "line 1: column 'probability' would be there twice", "rename it"),
        ("names-lstm", "id,name\n1,K\n2\n", "line 3: found 1 fields", "wanted 2"),
        ("names-lstm", "id,name\n1,ж\n2, \n", "line 3: names-lstm: found ' '", "wanted at least one symbol"),
        ("names-lstm", 'name\n"K"x"\n', "line 2: ',' expected after '\"'", "wanted comma-separated values"),
        ("names-lstm", b"name\nK\xff\n", "byte 6 (0xff) is not UTF-8", "save the file as UTF-8"),
        ("binary-lstm", "bits\n10x1\n", "line 2: binary-lstm: bits: found 'x'", "wanted a finite number"),
        ("words-lstm", "prefix\na\nz9\n", "line 3: words-lstm: 'z9': found symbol 'z'", "wanted one of 'abcde'"),
        ("names-lstm", "version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS", "`git lfs pull`"),
        ("names-lstm", "\n<!doctype html><html>", "a web page", "get it again"),
        ("names-lstm", "name\nK\0x\n", "byte 6 (0x00) is no text", "get the file again"),
        ("names-lstm", "name\nK\n\u200b\n", "line 3: names-lstm: found '\\u200b'", "wanted at least one symbol"),
        ("names-lstm", gzip.compress(b"name\nKsax\n", mtime=0)[:-5], "damaged gzip file", "get it again"),
        ("names-lstm", ",".join(map(str, range(10_000))), "line 1: column 'name' is not there", "and 9990 more"),
        ("names-lstm", 'name\nK\n"' + "K\n" * 200_000, "line 3: field larger than field limit", "comma-separated"),
        ("binary-lstm", "bits\n10n1\n", "line 2: binary-lstm: bits: found 'n'", "wanted a finite number"),
        ("sums-lstm", "x\n1 nan\n", "line 2: sums-lstm: x: found 'nan'", "wanted a finite number"),
        ("sums-lstm", "x\n1 -inf\n", "line 2: sums-lstm: x: found '-inf'", "wanted a finite number"),
        ("sales-lstm", "date,sales\n2020-01-01,-1\n", "line 2: sales: found '-1'", "not negative"),
        ("sales-lstm", "date,sales\n9999-12-31,1\n", "line 2: date: found '9999-12-31'", "from 1 to 9998"),
        ("sales-lstm", b"\0" * 1000, "byte 0 (0x00) is no text", "get the file again"),
        ("sales-lstm", "", "the file is empty", "wanted data"),
        ("sales-lstm", "date,sales\n2020-01-01,x\n", "line 2: sales: found 'x'", "wanted a finite number"),
        ("sales-lstm", "date,sales\n2020-01-01,1\n2020-01-01,2\n", "line 3: found date 2020-01-01 again", "see line 2"),
        ("sales-lstm", "date,store,sales\n2020-01-01,1,1\n", "line 1: column 'item' is not there", "'store', 'sales'"),
        ("sales-lstm", "day,sales\n2020-01-01,1\n", "line 1: column 'date' is not there", "'day', 'sales'"),
        ("sales-lstm", "date,sales\n2020-01-01,1\n", "found 1 days", "wanted 4 or more"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_table_that_cannot_be_answered_ends_in_one_line_and_no_output(
    loaded, error_line, source, name, content, found, cure
):
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    line = error_line(InputError, loaded(name).answer_table, source, source.with_name("out.csv"))
    assert line.startswith(f"{source}: {found}")
    assert cure in line
    assert list(source.parent.iterdir()) == [source]


def test_out_of_vocabulary_symbols_of_a_table_are_warned_of_once(loaded, source):
    source.write_text("name\nKж\nKю\nKж\nK\n")
    with pytest.warns(UnknownSymbolWarning) as caught:
        loaded("names-lstm").answer_table(source, source.with_name("out.csv"))
    line = "names-lstm: 3 of 4 rows have symbols that no training row has, read as `unknown`: 'ж', 'ю'"
    assert [(str(one.message), one.filename) for one in caught] == [(line, __file__)]


def test_the_network_reads_the_rows_of_a_table_in_blocks_and_equal_ones_once(loaded, source, monkeypatch):
    predictor, blocks = loaded("names-lstm"), []
    answer = predictor.table_cells
    monkeypatch.setattr(predictor, "table_cells", lambda items: blocks.append(len(items)) or answer(items))
    names = [f"K{first}{second}{third}" for first in "aeiou" for second in "xyz" for third in "Kaeioux"]
    source.write_text("\n".join(["name", *(names * 200)]))
    predictor.answer_table(source, source.with_name("out.csv"))
    assert blocks == [len(names)]
    answers = source.with_name("out.csv").read_text().splitlines()
    assert answers[1:] == answers[1 : 1 + len(names)] * 200


def test_a_packed_table_is_answered_as_the_table_itself(loaded, source):
    content = b"name\nKsax\nK\n"
    answers = []
    for packed in (content, gzip.compress(content)):
        source.write_bytes(packed)
        loaded("names-lstm").answer_table(source, source.with_name("out.csv"))
        answers.append(source.with_name("out.csv").read_bytes())
    assert answers[0] == answers[1]
