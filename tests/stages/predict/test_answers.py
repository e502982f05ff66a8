import csv
import os
import subprocess
import sys

import pytest

import pipeline
from tests.support.small import REPOSITORY

OOV = "symbols that are not in its alphabet, read as a space"


def read(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_labels_are_ranked_for_each_argument(ask):
    done = ask("names-lstm", "Ksax", "éey", "--top", 2)
    wanted = []
    for name in ("Ksax", "éey"):
        ranked = list(pipeline.load("names-lstm").probabilities(name).items())[:2]
        wanted += [name, *(f"  {label}  {share:.4f}" for label, share in ranked)]
    assert (done.exit_code, done.output.splitlines()) == (0, wanted)


def test_models_of_every_format_answer(ask):
    assert ask("binary-lstm", "1011").output == f"1011  {pipeline.load('binary-lstm').predict('1011'):.6g}\n"
    assert ask("sums-lstm", "3 0.5").output.startswith("3 0.5  ")
    assert ask("sales-lstm", "1 2 3 4 5").output.startswith("next day  ")
    assert ask("words-lstm", "ad").output.splitlines()[1].startswith(f"  {pipeline.load('words-lstm').predict('ad')!r}")
    assert len(ask("text-lstm", "in the").output.splitlines()) == 6
    assert {line.split()[0] for line in ask("vowels-lstm", "in the").output.splitlines()[1:]} == {"0", "1"}


def test_the_network_of_one_seed_can_be_used(ask):
    line = f"1011  {pipeline.load('binary-lstm', seed=2).predict('1011'):.6g}\n"
    assert ask("binary-lstm", "1011", "--network", 2).output == line


def test_rows_get_their_answers_in_order(ask, table, tmp_path):
    names = ["Ksax", " éey", "Kж", "Ksax", "K", "Áuyy"]
    source = table(
        "\ufeffid,name,note\r\n" + "".join(f'{place},{name},"a, b"\r\n\r\n' for place, name in enumerate(names))
    )
    done = ask("names-lstm", "--input", source, "--output", tmp_path / "new/out.csv")
    notice = "names-lstm: 1 of 6 rows have symbols that no training row has, read as `unknown`: 'ж'\n"
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"6 rows in {tmp_path}/new/out.csv\n", notice)
    header, *rows = read(tmp_path / "new/out.csv")
    assert header == ["id", "name", "note", "prediction", "probability"]
    assert [row[:3] for row in rows] == [[str(place), name, "a, b"] for place, name in enumerate(names)]
    for name, row in zip(names, rows, strict=True):
        label, share = next(iter(pipeline.load("names-lstm").probabilities(name.replace("ж", "\ufffd")).items()))
        assert (row[3], float(row[4])) == (label, pytest.approx(share, abs=2e-6))


def test_models_of_every_format_answer_a_table(ask, table):
    assert printed_rows(ask("binary-lstm", "--input", table("bits\n1011\n"))) == [["bits", "prediction"], ["1011", ...]]
    assert printed_rows(ask("sums-lstm", "--input", table("q,x\n1,3 0.5\n"))) == [
        ["q", "x", "prediction"],
        ["1", "3 0.5", ...],
    ]
    for name, column in (("words-lstm", "prefix"), ("text-lstm", "context"), ("vowels-lstm", "context")):
        rows = printed_rows(ask(name, "--input", table(f"{column}\nad\nb\n")))
        assert [row[0] for row in rows] == [column, "ad", "b"]
    other = ask("text-lstm", "--input", table("start\nin the \n"), "--column", "start")
    assert printed_rows(other)[1][1] == pipeline.load("text-lstm").predict("in the ")


def printed_rows(done):
    """Return the rows that a command printed, with ... for each predicted number."""
    assert done.exit_code == 0, done.output
    header, *rows = csv.reader(done.stdout.splitlines())
    numbers = header[-1] == "prediction"
    return [header, *([*row[:-1], ...] if numbers else row for row in rows)]


def test_a_table_of_days_gets_a_forecast_of_each_day_and_the_next(ask, tmp_path, trained_project):
    source = trained_project / "sales.csv"
    mean = [day % 3 + 1.5 for day in range(60)]  # of two stores
    sales = pipeline.load("sales-lstm")
    assert ask("sales-lstm", "--input", source).output == f"day after 2020-03-04  {sales.predict(mean):.6g}\n"
    ask("sales-lstm", "--input", source, "--output", tmp_path / "out.csv")
    header, *rows = read(tmp_path / "out.csv")
    assert header == ["date", "sales", "prediction"]
    assert rows[0][:2] == ["2020-01-05", "2.5"]
    assert float(rows[0][2]) == pytest.approx(sales.predict(mean[:4]), rel=1e-5)
    assert rows[-1][:2] == ["", ""]
    assert float(rows[-1][2]) == pytest.approx(sales.predict(mean), rel=1e-5)
    assert len(rows) == 60 - 4 + 1


def test_a_table_of_one_series_needs_no_columns_of_stores_and_items(ask, table):
    days = [f"2020-01-{day:02},{day % 3 + 1.5}\n" for day in range(1, 9)]
    source = table("date,sales\n" + "".join(days[::-1]))
    forecast = pipeline.load("sales-lstm").predict([day % 3 + 1.5 for day in range(1, 9)])
    assert ask("sales-lstm", "--input", source).output == f"day after 2020-01-08  {forecast:.6g}\n"
    table("date,n\n" + "".join(days))
    assert ask("sales-lstm", "--input", source, "--column", "n").output == f"day after 2020-01-08  {forecast:.6g}\n"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("date,sales\n2020-01-01,1\n2020-01-01,2\n", "line 3: found date 2020-01-01 again (see line 2); "
         "wanted each once"),
        ("date,store,sales\n2020-01-01,1,1\n", "line 1: column 'item' is not there; found 'date', 'store', 'sales'"),
        ("day,sales\n2020-01-01,1\n", "line 1: column 'date' is not there; found 'day', 'sales'"),
    ],
)  # fmt: skip
def test_a_table_that_is_not_a_series_ends_in_one_line(ask, table, content, line):
    source = table(content)
    done = ask("sales-lstm", "--input", source)
    assert (done.exit_code, done.output) == (1, f"Error: {source}: {line}\n")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "the file is empty; wanted data"),
        ("\n\n", "line 1: column 'name' is not there; found nothing; --column names another"),
        ("name\n", "found no rows under the header; wanted one for each input"),
        ("id,Name\n1,K\n", "line 1: column 'name' is not there; found 'id', 'Name'; --column names another"),
        ("name,name\nK,K\n", "line 1: column 'name' is there twice; found 'name', 'name'; --column names another"),
        ("name,probability\nK,1\n", "line 1: column 'probability' would be there twice; rename it"),
        ("id,name\n1,K\n2\n", "line 3: found 1 fields; wanted 2"),
        ("id,name\n1,ж\n2, \n", "line 3: names-lstm: found ' '; wanted at least one symbol to read"),
        ('name\n"K"x"\n', "line 2: ',' expected after '\"'; wanted comma-separated values"),
        (b"name\nK\xff\n", "byte 6 (0xff) is not UTF-8; save the file as UTF-8"),
    ],
)
def test_an_invalid_table_ends_in_one_line_and_no_output(ask, table, tmp_path, content, line):
    source = table(content)
    done = ask("names-lstm", "--input", source, "--output", tmp_path / "out.csv")
    assert (done.exit_code, done.output) == (1, f"Error: {source}: {line}\n")
    assert list(tmp_path.iterdir()) == [source]
    assert ask("names-lstm", "--input", source).stdout == ""


def test_symbols_outside_the_alphabet_of_a_text_are_listed(ask, table):
    for name in ("text-lstm", "vowels-lstm"):
        done = ask(name, "in the\two", "naïve Ж", "I, ï")
        assert (done.exit_code, done.stderr) == (0, f"{name}: {OOV}: 'ï', 'Ж', ','\n")
        assert done.stdout.splitlines()[1:3] == ask(name, "In the wo").stdout.splitlines()[1:3]
        done = ask(name, "--input", table("context\nnaïve\nin the\nï Ж\n"))
        assert (done.exit_code, done.stderr) == (0, f"{name}: 2 of 3 rows have {OOV}: 'ï', 'Ж'\n")
        assert ask(name, "In the").stderr == ask(name, "--input", table("context\nIn the\n")).stderr == ""


def test_many_out_of_vocabulary_symbols_are_counted(ask):
    digits = ", ".join(f"'{digit}'" for digit in range(10))
    assert ask("text-lstm", "0123456789ïЖ").stderr == f"text-lstm: {OOV}: {digits} and 2 more\n"


def test_a_symbol_outside_the_alphabet_of_words_is_refused_with_its_line(ask, table):
    source = table("prefix\na\nz9\n")
    message = "words-lstm: 'z9': found symbol 'z'; wanted one of 'abcde'"
    done = ask("words-lstm", "--input", source)
    assert (done.exit_code, done.output) == (1, f"Error: {source}: line 3: {message}\n")
    assert ask("words-lstm", "a", "z9").output == f"Error: {message}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("names-lstm",),
        ("names-lstm", "K", "--input", "x.csv"),
        ("names-lstm", "K", "--output", "x.csv"),
        ("names-lstm", "K", "--top", "0"),
        ("names-lstm", "--input", "x.csv", "--top", "5"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(ask, arguments):
    assert ask(*arguments).exit_code == 2


def test_one_unreadable_argument_leaves_all_unanswered(ask):
    done = ask("names-lstm", "Ksax", "Ж")
    assert (done.exit_code, done.stdout, done.output.count("\n")) == (1, "", 1)


def test_the_command_runs_as_a_process_and_its_help_does_not_import_torch(trained_project):
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-W", "error", "-m", "stages.predict", "binary-lstm", "1011"]
    done = subprocess.run(command, cwd=trained_project, env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout.split()[0], done.stderr) == ("1011", "")
    code = "import sys; from stages.predict import main; main(['--help'], standalone_mode=False); "
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
