import csv
import os
import subprocess
import sys
import unicodedata

import pytest

import pipeline
from tests.support.project import REPOSITORY

OOV = "symbols that are not in its alphabet, read as a space"


def read(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_labels_are_ranked_for_each_argument(ask):
    done = ask("names-lstm", "Ksax", "éey", "--top", 2)
    wanted = []
    for name in ("Ksax", "éey"):
        ranked = list(pipeline.load("names-lstm").probabilities(name).items())[:2]
        wanted += [[name], *([label, f"{share:.4f}"] for label, share in ranked)]
    assert (done.exit_code, [line.split() for line in done.output.splitlines()]) == (0, wanted)


def test_rows_get_their_answers_in_order(ask, table, tmp_path):
    names = ["Ksax", " éey", "Kж", "Ksax", "K", "Áuyy"]
    lines = [f'{place},{name},"a, b"\r\n\r\n' for place, name in enumerate(names)]
    source = table("\ufeffid,name,note\r\n" + "".join(lines))
    done = ask("names-lstm", "--input", source, "--output", tmp_path / "new/out.csv")
    notice = "names-lstm: 1 of 6 rows have symbols that no training row has, read as `unknown`: 'ж'\n"
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"6 rows in {tmp_path}/new/out.csv\n", notice)
    header, *rows = read(tmp_path / "new/out.csv")
    assert header == ["id", "name", "note", "prediction", "probability"]
    assert [row[:3] for row in rows] == [[str(place), name, "a, b"] for place, name in enumerate(names)]
    for name, row in zip(names, rows, strict=True):
        label, share = next(iter(pipeline.load("names-lstm").probabilities(name.replace("ж", "\ufffd")).items()))
        assert (row[3], float(row[4])) == (label, pytest.approx(share, abs=2e-6))


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("binary-lstm", "bits", "1011"),
        ("sums-lstm", "x", "3 0.5"),
        ("words-lstm", "prefix", "ad"),
        ("text-lstm", "context", "in the "),
        ("vowels-lstm", "context", "in the"),
    ],
)
def test_models_of_every_format_answer_arguments_and_tables(ask, table, name, column, value):
    for seed in (None, 2):
        network = ("--network", seed) if seed else ()
        predictor = pipeline.load(name, seed=seed)
        answer = predictor.predict(value)
        output = ask(name, value, *network).output
        wanted = f"{value}  {answer:.6g}\n" if isinstance(answer, float) else f"{value}\n  {answer!r} "
        assert output.startswith(wanted)
        for choice in ((), ("--column", "other")):
            source = table(f"q,{choice[1] if choice else column}\n1,{value}\n")
            header, row = csv.reader(ask(name, "--input", source, *choice, *network).stdout.splitlines())
            assert (header[2], row[:2]) == ("prediction", ["1", value])
            assert row[2:] == list(predictor.table_cells([predictor.encode(value)])[0])


def test_a_series_gets_a_forecast_of_each_day_and_the_next(ask, table, tmp_path, trained_project):
    source = trained_project / "sales.csv"
    mean = [day % 3 + 1.5 for day in range(60)]  # of two stores
    sales = pipeline.load("sales-lstm")
    assert ask("sales-lstm", " ".join(map(str, mean))).output == f"next day  {sales.predict(mean):.6g}\n"
    assert ask("sales-lstm", "--input", source).output == f"day after 2020-03-04  {sales.predict(mean):.6g}\n"
    ask("sales-lstm", "--input", source, "--output", tmp_path / "out.csv")
    header, *rows = read(tmp_path / "out.csv")
    assert (header, len(rows)) == (["date", "sales", "prediction"], 60 - 4 + 1)
    for row, day, past in ((rows[0], ["2020-01-05", "2.5"], mean[:4]), (rows[-1], ["", ""], mean)):
        assert row[:2] == day
        assert float(row[2]) == pytest.approx(sales.predict(past), rel=1e-5)
    # One series, in any order, needs no columns of stores and items.
    days = [f"2020-01-{day + 1:02},{mean[day]}\n" for day in range(8)]
    for column, choice in (("sales", ()), ("n", ("--column", "n"))):
        source = table(f"date,{column}\n" + "".join(days[::-1]))
        line = f"day after 2020-01-08  {sales.predict(mean[:8]):.6g}\n"
        assert ask("sales-lstm", "--input", source, *choice).output == line


def test_formulas_are_marked_for_a_spreadsheet_only_if_asked(ask, table, tmp_path):
    source = table("=1+1,name\n=cmd|x,Ksax\n-5,Ksax\n")
    for choice, mark in (((), ""), (("--spreadsheet",), "'")):
        ask("names-lstm", "--input", source, "--output", tmp_path / "out.csv", *choice)
        assert [row[0] for row in read(tmp_path / "out.csv")] == [f"{mark}=1+1", f"{mark}=cmd|x", "-5"]
    assert ask("names-lstm", "--input", source, "--spreadsheet").stdout == (tmp_path / "out.csv").read_text()


@pytest.mark.parametrize(("name", "content"), [("names-lstm", "id,name\n1,K\n2, \n"), ("sales-lstm", "date,sales\n")])
def test_an_invalid_table_ends_in_one_line_and_no_output(ask, table, name, content):
    source = table(content)
    done = ask(name, "--input", source)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"Error: {source}: ")


def test_symbols_outside_the_alphabet_of_a_text_are_listed(ask, table):
    for name in ("text-lstm", "vowels-lstm"):
        done = ask(name, "in the\two", "naïve Ж", "I, ï")
        assert (done.exit_code, done.stderr) == (0, f"{name}: 2 of 3 inputs have {OOV}: 'ï', 'Ж', ','\n")
        assert done.stdout.splitlines()[1:3] == ask(name, "In the wo").stdout.splitlines()[1:3]
        done = ask(name, "--input", table("context\nnaïve\nin the\nï Ж\n"))
        assert (done.exit_code, done.stderr) == (0, f"{name}: 2 of 3 rows have {OOV}: 'ï', 'Ж'\n")
        assert ask(name, "In the").stderr == ask(name, "--input", table("context\nIn the\n")).stderr == ""
    digits = ", ".join(f"'{digit}'" for digit in range(10))
    assert ask("text-lstm", "0123456789ïЖ").stderr == f"text-lstm: 1 of 1 inputs have {OOV}: {digits} and 2 more\n"


def test_arguments_and_rows_are_cleaned_alike_and_oov_symbols_noted_alike(ask, table):
    names = ["Kж", unicodedata.normalize("NFD", "Áax"), " Ksax ", "юж"]
    arguments = ask("names-lstm", *names, "--top", 1)
    rows = ask("names-lstm", "--input", table("\n".join(["name", *names])))
    noted = "names-lstm: 2 of 4 {} have symbols that no training row has, read as `unknown`: 'ж', 'ю'\n"
    assert (arguments.stderr, rows.stderr) == (noted.format("inputs"), noted.format("rows"))
    answers = [line.split() for line in arguments.stdout.splitlines()[1::2]]
    for (label, share), row in zip(answers, list(csv.reader(rows.stdout.splitlines()))[1:], strict=True):
        assert (label, float(share)) == (row[1], pytest.approx(float(row[2]), abs=1e-4))


def test_missing_days_before_a_forecast_are_named(ask, table, tmp_path):
    days = [day for day in range(1, 15) if day not in (3, 12)]
    source = table("date,sales\n" + "".join(f"2020-01-{day:02},{day}\n" for day in days))
    done = ask("sales-lstm", "--input", source)  # it reads four days
    assert done.exit_code == 0
    assert f"{source}: 1 days without a row between 2020-01-10 and 2020-01-14: 2020-01-12; " in done.stderr
    done = ask("sales-lstm", "--input", source, "--output", tmp_path / "out.csv")
    assert "2 days without a row between 2020-01-01 and 2020-01-14: 2020-01-03, 2020-01-12; " in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("names-lstm",),
        ("names-lstm", "K", "--input", "x.csv"),
        ("names-lstm", "K", "--output", "x.csv"),
        ("names-lstm", "K", "--spreadsheet"),
        ("names-lstm", "K", "--top", "0"),
        ("names-lstm", "--input", "x.csv", "--top", "5"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(ask, arguments):
    assert ask(*arguments).exit_code == 2


def test_one_unreadable_argument_leaves_all_unanswered(ask):
    done = ask("names-lstm", "Ksax", "\u200b")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_the_command_runs_as_a_process_and_its_help_does_not_import_torch(trained_project):
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-W", "error", "-m", "stages.predict", "binary-lstm", "1011"]
    done = subprocess.run(command, cwd=trained_project, env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout.split()[0], done.stderr) == ("1011", "")
    code = "import sys; from stages.predict import main; main(['--help'], standalone_mode=False); "
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
