import pytest

from pipeline.errors import InputError
from pipeline.inference import UnknownSymbolWarning


@pytest.fixture
def source(tmp_path):
    return tmp_path / "in.csv"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("names-lstm", ""),
        ("names-lstm", "language\n000\n"),
        ("names-lstm", 'name\n"K"x"\n'),
        ("names-lstm", "name\n \n,\n"),
        ("binary-lstm", "bits\n10x1\n"),
        ("words-lstm", "prefix\nz\n"),
        ("sales-lstm", ""),
        ("sales-lstm", "date,sales\n2020-01-01,x\n"),
    ],
)
def test_an_error_in_a_table_of_inputs_is_an_input_error(loaded, error_line, source, name, content):
    source.write_text(content)
    line = error_line(InputError, loaded(name).answer_table, source, source.with_name("out.csv"))
    assert line.startswith(f"{source}: ")


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
