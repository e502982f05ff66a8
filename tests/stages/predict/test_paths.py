"""Where tables come from and go to: paths, symlinks, pipes, standard input and output."""

import os
import subprocess

import pytest

from tests.support.processes import running

OUTPUT = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


def test_unusable_paths_end_in_one_line(ask, table, tmp_path):
    missing = tmp_path / "none.csv"
    assert ask("names-lstm", "--input", missing).output == f"Error: {missing}: no such file; wanted a CSV file\n"
    assert ask("sales-lstm", "--input", tmp_path).output == f"Error: {tmp_path}: a folder; wanted a CSV file\n"
    done = ask("names-lstm", "--input", table("name\nK\n"), "--output", tmp_path)
    assert (done.exit_code, done.output) == (1, f"Error: {tmp_path}: a folder; wanted a file\n")


def test_the_target_of_a_symlink_is_written(ask, table, tmp_path):
    (tmp_path / "there").mkdir()
    old, new = tmp_path / "there/old.csv", tmp_path / "there/new.csv"
    old.write_text("old content")
    for target in (old, new):
        link = tmp_path / "link.csv"
        link.unlink(missing_ok=True)
        link.symlink_to(target.relative_to(tmp_path))
        assert ask("names-lstm", "--input", table("name\nK\n"), "--output", link).exit_code == 0
        assert link.is_symlink()
        assert len(target.read_text().splitlines()) == 2
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == ["new.csv", "old.csv"]
    link.unlink()
    link.symlink_to("link.csv")
    done = ask("names-lstm", "--input", table("name\nK\n"), "--output", link)
    line = f"Error: {link}: Too many levels of symbolic links; wanted a file that can be written\n"
    assert (done.exit_code, done.output, link.is_symlink()) == (1, line, True)


def test_a_named_pipe_is_written(ask, table, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with running(["cat", str(pipe)], text=True) as process:
        done = ask("names-lstm", "--input", table("name\nK\n"), "--output", pipe)
        got, _ = process.communicate(timeout=60)
    assert (done.exit_code, done.stdout) == (0, f"1 rows in {pipe}\n")
    assert got.splitlines()[0] == "name,prediction,probability"
    assert len(got.splitlines()) == 2
    assert pipe.is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "pipe"]


def test_a_named_pipe_is_read(ask, table, tmp_path, trained_project):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for name, source in (("names-lstm", table("name\nK\n")), ("sales-lstm", trained_project / "sales.csv")):
        wanted = ask(name, "--input", source)
        with running(["sh", "-c", 'cat "$0" > "$1"', str(source), str(pipe)]):
            done = ask(name, "--input", pipe)
        assert (done.exit_code, done.output) == (0, wanted.output)


def test_standard_input_and_output_are_paths_too(ask, command, table, tmp_path, trained_project):
    source, output = table("name\nK\n"), tmp_path / "out.csv"
    names = subprocess.run(
        command("names-lstm", "--input", "-", "--output", "-"), input=source.read_text(), **OUTPUT, check=True
    )
    assert (names.stdout, names.stderr) == (ask("names-lstm", "--input", source).stdout, "")
    ask("sales-lstm", "--input", trained_project / "sales.csv", "--output", output)
    with (trained_project / "sales.csv").open() as file:
        sales = subprocess.run(
            command("sales-lstm", "--input", "/dev/stdin", "--output", "-"), stdin=file, **OUTPUT, check=True
        )
    assert sales.stdout == output.read_text()
    assert sales.stderr.startswith("sales-lstm: /dev/stdin: 4 days without a row")


def test_a_closed_pipe_ends_the_command_quietly(command, table, trained_project):
    source = table("\n".join(["name", *(["K"] * 50_000)]))  # more than a pipe holds
    with running(command("names-lstm", "--input", source), cwd=trained_project, text=True) as process:
        assert process.stdout.readline() == "name,prediction,probability\n"
        process.stdout.close()
        errors = process.stderr.read()
        assert (process.wait(timeout=60), errors) == (141, "")


def test_a_closed_named_pipe_is_not_an_error(command, table, tmp_path, trained_project):
    source, pipe = table("\n".join(["name", *(["K"] * 50_000)])), tmp_path / "pipe"
    os.mkfifo(pipe)
    arguments = ("names-lstm", "--input", source, "--output", pipe)
    with running(command(*arguments), cwd=trained_project, text=True) as process:
        with pipe.open() as reader:
            assert reader.readline() == "name,prediction,probability\n"
        printed, errors = process.communicate(timeout=60)
    assert (process.returncode, printed, errors) == (141, "", "")


@pytest.mark.parametrize(
    ("redirection", "line"),
    [
        ("> /dev/full", "no space left to write it (No space left on device); free some and run again"),
        (">&-", "closed; wanted --output PATH, or where to write"),
    ],
)
def test_an_unwritable_standard_output_ends_in_one_line(command, table, trained_project, redirection, line):
    arguments = command("names-lstm", "--input", table("name\nK\n"))
    done = subprocess.run(["sh", "-c", f'"$0" "$@" {redirection}', *arguments], cwd=trained_project, **OUTPUT)
    assert (done.returncode, done.stderr) == (1, f"Error: standard output: {line}\n")
