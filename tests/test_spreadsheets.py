"""Tables whose text no spreadsheet runs, and that read back as they were."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import spreadsheets

FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''-x", "-", "-1 2"]
HARMLESS = ["x", "", "'", "'x", "'5", "a=b", "-5", "+5", "-.5e-3", "1e5", " =1", "日本語"]


@pytest.mark.parametrize(("cells", "mark"), [(FORMULAS, "'"), (HARMLESS, "")])
def test_text_that_a_spreadsheet_runs_has_an_apostrophe_before_it(tmp_path, cells, mark):
    spreadsheets.write_csv(tmp_path / "a.csv", ("text", "number"), [(cell, -1.5) for cell in cells])
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["text", "number"], *([mark + cell, "-1.5"] for cell in cells)]
    assert spreadsheets.read_csv(tmp_path / "a.csv") == [{"text": cell, "number": "-1.5"} for cell in cells]


@given(st.text("'=+-@\t\n＝15e. ax"))
def test_every_text_reads_back(text):
    (cell,) = spreadsheets.escape_formulas([text])
    assert spreadsheets.unescape(cell) == text
