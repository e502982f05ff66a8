import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline import sources
from pipeline.settings import BibleSource, UrlSource
from pipeline.sources import fetch

CONTENT = "línea\n".encode() * 1000
SHA = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            self.server.released.wait(10)
            return
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/words.txt")
            self.end_headers()
            return
        if self.path == "/hung-up":
            return
        known = self.path in ("/words.txt", "/cut")
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(CONTENT) if known else 0))
        self.end_headers()
        if known:
            self.wfile.write(CONTENT[: 100 if self.path == "/cut" else None])

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.released = threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


def source(url, **changed):
    values = {"kind": "url", "url": url, "sha256": SHA, "megabytes": 1, "file": "raw/words.txt"}
    return UrlSource(**values | changed)


@pytest.mark.parametrize("path", ["/words.txt", "/moved"])
def test_a_file_arrives_whole(here, address, path):
    assert fetch(source(address + path)).read_bytes() == CONTENT
    assert [file.name for file in here.rglob("*") if file.is_file()] == ["words.txt"]


def test_a_file_address_works_like_any_other(here):
    (here / "words.txt").write_bytes(CONTENT)
    assert fetch(source((here / "words.txt").as_uri())).read_bytes() == CONTENT


def test_another_digest_is_refused_and_both_are_shown(here, address, fault):
    message = fault(fetch, source(address + "/words.txt", sha256="0" * 64))
    assert message == f"{address}/words.txt: found sha256 {SHA}; wanted {'0' * 64}"


def test_a_missing_page_is_told(here, address, fault):
    assert "/none: the server answered 404 Not Found" in fault(fetch, source(address + "/none"))


def test_a_file_beyond_the_limit_is_refused(here, fault, monkeypatch):
    monkeypatch.setattr(sources, "BLOCK", 1000)
    (here / "large").write_bytes(bytes(1_000_001))
    message = fault(fetch, source((here / "large").as_uri()))
    assert message.endswith("larger than 1 megabytes; raise `megabytes` if it may be")


def test_a_cut_answer_is_no_file(here, address, fault):
    assert address in fault(fetch, source(address + "/cut"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "file:///no/such/file", "http://[/x", "http://a:b/x"])
def test_an_address_that_nothing_answers_is_told(here, fault, url):
    assert fault(fetch, source(url)).startswith(f"{url}: cannot be ")


def test_a_server_that_hangs_up_is_told(here, address, fault):
    assert "cannot be read" in fault(fetch, source(address + "/hung-up"))


def test_a_silent_server_is_given_up(here, address, fault, monkeypatch):
    monkeypatch.setattr(sources, "TIMEOUT", 0.1)
    assert "timed out" in fault(fetch, source(address + "/slow"))


def test_a_failure_leaves_the_former_file(here, address, fault):
    fetch(source(address + "/words.txt"))
    fault(fetch, source(address + "/words.txt", sha256="0" * 64))
    assert (here / "raw/words.txt").read_bytes() == CONTENT
    assert len(list((here / "raw").iterdir())) == 1


def test_the_psalms_come_a_verse_a_line(here):
    text = fetch(BibleSource(kind="bible", books="psalms", file="psalms.txt")).read_text("utf-8")
    lines = text.splitlines()
    assert lines[0].startswith("Blessed is the man that walketh not in the counsel of the wicked")
    assert lines[-1].startswith("Let everything that hath breath praise Jehovah")
    assert len(lines) == 2461
    assert all(line == " ".join(line.split()) and line for line in lines)


def test_the_other_books_leave_the_psalms_out(here):
    path = fetch(BibleSource(kind="bible", books="all-but-psalms", file="bible.txt"))
    text = path.read_text("utf-8")
    assert text.startswith("In the beginning God created the heavens and the earth.\n")
    assert text.rstrip().endswith("Amen.")
    assert "Blessed is the man that walketh not in the counsel of the wicked" not in text
    assert 3_900_000 < len(text) < 3_950_000
