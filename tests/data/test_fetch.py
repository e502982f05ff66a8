import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.data.fetch import fetch
from pipeline.params.schema import BibleSource, UrlSource

CONTENT = "línea\n".encode() * 1000
SHA = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            self.server.closing.wait(10)
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
def server_url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.closing = threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def without_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


def source(url, **changes):
    values = {"kind": "url", "url": url, "sha256": SHA, "max_megabytes": 1, "file": "raw/words.txt"}
    return UrlSource(**values | changes)


@pytest.mark.parametrize("path", ["/words.txt", "/moved"])
def test_file_is_fetched_whole(here, server_url, path):
    assert fetch(source(server_url + path)).read_bytes() == CONTENT
    assert [file.name for file in here.rglob("*") if file.is_file()] == ["words.txt"]


def test_file_url_is_fetched(here):
    (here / "words.txt").write_bytes(CONTENT)
    assert fetch(source((here / "words.txt").as_uri())).read_bytes() == CONTENT


def test_wrong_digest_is_refused_and_both_digests_are_shown(here, server_url, error_of):
    message = error_of(fetch, source(server_url + "/words.txt", sha256="0" * 64))
    assert message == f"{server_url}/words.txt: found sha256 {SHA}; wanted {'0' * 64}"


def test_missing_page_is_reported(here, server_url, error_of):
    assert "/none: the server answered 404 Not Found" in error_of(fetch, source(server_url + "/none"))


def test_file_over_the_size_limit_is_refused(here, error_of, monkeypatch):
    monkeypatch.setattr("pipeline.data.fetch.BLOCK", 1000)
    (here / "large").write_bytes(bytes(1_000_001))
    message = error_of(fetch, source((here / "large").as_uri()))
    assert message.endswith("larger than 1 megabytes; raise `max_megabytes` if that is right")


def test_truncated_response_is_refused(here, server_url, error_of):
    assert server_url in error_of(fetch, source(server_url + "/cut"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "file:///no/such/file", "http://[/x", "http://a:b/x"])
def test_unreachable_url_is_reported(here, error_of, url):
    assert error_of(fetch, source(url)).startswith(f"{url}: cannot be ")


def test_server_that_hangs_up_is_reported(here, server_url, error_of):
    assert "cannot be read" in error_of(fetch, source(server_url + "/hung-up"))


def test_silent_server_times_out(here, server_url, error_of, monkeypatch):
    monkeypatch.setattr("pipeline.data.fetch.TIMEOUT", 0.1)
    assert "timed out" in error_of(fetch, source(server_url + "/slow"))


def test_failure_leaves_the_existing_file_unchanged(here, server_url, error_of):
    fetch(source(server_url + "/words.txt"))
    error_of(fetch, source(server_url + "/words.txt", sha256="0" * 64))
    assert (here / "raw/words.txt").read_bytes() == CONTENT
    assert len(list((here / "raw").iterdir())) == 1


def test_psalms_have_one_verse_per_line(here):
    text = fetch(BibleSource(kind="bible", books="psalms", file="psalms.txt")).read_text("utf-8")
    lines = text.splitlines()
    assert lines[0].startswith("Blessed is the man that walketh not in the counsel of the wicked")
    assert lines[-1].startswith("Let everything that hath breath praise Jehovah")
    assert len(lines) == 2461
    assert all(line == " ".join(line.split()) and line for line in lines)


def test_other_books_leave_out_the_psalms(here):
    path = fetch(BibleSource(kind="bible", books="all-but-psalms", file="bible.txt"))
    text = path.read_text("utf-8")
    assert text.startswith("In the beginning God created the heavens and the earth.\n")
    assert text.rstrip().endswith("Amen.")
    assert "Blessed is the man that walketh not in the counsel of the wicked" not in text
    assert 3_900_000 < len(text) < 3_950_000
