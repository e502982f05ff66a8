"""The types of values in the blocks of data sets: alphabets, columns, classes, days."""

import unicodedata
from collections import Counter
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from pipeline.params.schema import UNKNOWN
from pipeline.params.wording import format_value


def _has_distinct_symbols(alphabet: str) -> str:
    if UNKNOWN in alphabet:
        raise ValueError("found U+FFFD, which is reserved for unknown symbols; leave it out")
    symbol, count = Counter(alphabet).most_common(1)[0]
    if count > 1:
        raise ValueError(f"found {symbol!r} {count} times; wanted each symbol once")
    return alphabet


def _has_distinct_entries(entries: tuple[int | str, ...]) -> tuple[int | str, ...]:
    entry, count = Counter(map(str, entries)).most_common(1)[0]  # a table has texts alone
    if count > 1:
        raise ValueError(f"found {format_value(entry)} {count} times; wanted each entry once")
    return entries


def _can_be_seen(name: str) -> str:
    if not name.isprintable() or name != unicodedata.normalize("NFC", name.strip()):
        raise ValueError(f"found {format_value(name)}; wanted a name without outer spaces and invisible characters")
    return name


def _is_day(day: str) -> str:
    try:
        date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"found {day!r}; wanted a date such as 2013-01-31") from None
    return day


Alphabet = Annotated[str, StringConstraints(min_length=2), AfterValidator(_has_distinct_symbols)]
Column = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]  # as in its table
Class = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_can_be_seen)]
Characters = Annotated[str, StringConstraints(min_length=1)]
Entry = Annotated[int, Field(ge=-(10**18), le=10**18)] | Annotated[str, StringConstraints(strip_whitespace=True)]
Entries = Annotated[tuple[Entry, ...], Field(strict=False, min_length=1), AfterValidator(_has_distinct_entries)]
Day = Annotated[str, StringConstraints(min_length=10, max_length=10), AfterValidator(_is_day)]
Choice = Literal["all"] | Entries
