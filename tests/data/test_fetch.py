import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.data.fetch import fetch
from pipeline.params.schema import BibleSource, UrlSource

CONTENT = "línea\n".encode() * 1000
SHA = hashlib.sha256(CONTENT).hexdigest()


LENGTH = {"Content-Length": str(len(CONTENT))}
ANSWERS = {
    "/words.txt": (200, LENGTH, CONTENT),
    "/moved": (302, {"Location": "/words.txt"}, b""),
    "/cut": (200, LENGTH, CONTENT[:100]),
    "/none": (404, {}, b""),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        assert self.headers["Accept-Encoding"] == "identity"  # a compressed answer would have another digest
        if self.path == "/slow":
            self.server.closing.wait(10)
        if self.path in ANSWERS:
            status, headers, content = ANSWERS[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

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
    values = {"kind": "url", "url": url, "sha256": SHA, "max_megabytes": 1, "file": "data/raw/words.txt"}
    return UrlSource(**values | changes)


@pytest.mark.parametrize("path", ["/words.txt", "/moved"])
def test_file_is_fetched_whole(here, server_url, path):
    assert fetch(source(server_url + path)).read_bytes() == CONTENT
    assert [file.name for file in here.rglob("*") if file.is_file()] == ["words.txt"]


def test_file_url_is_fetched(here):
    path = here / "with space.txt"
    path.write_bytes(CONTENT)
    assert fetch(source(path.as_uri())).read_bytes() == CONTENT


def test_wrong_digest_is_refused_and_the_existing_file_stays(here, server_url, error_of):
    path = fetch(source(server_url + "/words.txt"))
    message = error_of(fetch, source(server_url + "/words.txt", sha256="0" * 64))
    assert message == f"{server_url}/words.txt: found sha256 {SHA}; wanted {'0' * 64}"
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]


def test_file_over_the_size_limit_is_refused(here, error_of):
    (here / "large").write_bytes(bytes(1_000_001))
    message = error_of(fetch, source((here / "large").as_uri()))
    assert "larger than 1 megabytes" in message
    assert "`max_megabytes`" in message


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("SERVER/none", "the server answered 404 Not Found"),
        ("SERVER/cut", "cannot be read (IncompleteRead"),
        ("SERVER/hung-up", "cannot be read (Remote end closed"),
        ("SERVER/slow", "cannot be read (timed out"),
        ("http://127.0.0.1:1/x", "cannot be read ([Errno"),
        ("file:///no/such/file", "cannot be read ([Errno"),
        ("http://[/x", "cannot be read ("),
        (f"http://{'a' * 64}.invalid/x", "cannot be read ("),
    ],
)
def test_what_cannot_be_read_is_reported_with_its_cause(here, server_url, error_of, monkeypatch, url, found):
    monkeypatch.setattr("pipeline.data.fetch.TIMEOUT", 0.1 if url.endswith("slow") else 30)
    url = url.replace("SERVER", server_url)
    assert error_of(fetch, source(url)).startswith(f"{url}: {found}")


def test_psalms_have_one_verse_per_line(here):
    lines = fetch(BibleSource(kind="bible", books="psalms", file="data/raw/psalms.txt")).read_text("utf-8").splitlines()
    assert lines[0].startswith("Blessed is the man that walketh not in the counsel of the wicked")
    assert lines[-1].startswith("Let everything that hath breath praise Jehovah")
    assert len(lines) == 2461
    assert all(line == " ".join(line.split()) and line for line in lines)


def test_other_books_leave_out_the_psalms(here):
    text = fetch(BibleSource(kind="bible", books="all-but-psalms", file="data/raw/bible.txt")).read_text("utf-8")
    assert text.startswith("In the beginning God created the heavens and the earth.\n")
    assert text.rstrip().endswith("Amen.")
    assert "Blessed is the man that walketh not in the counsel of the wicked" not in text
    assert 3_900_000 < len(text) < 3_950_000
