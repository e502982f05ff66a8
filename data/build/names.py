"""Build data/raw/names.csv: surnames in Latin letters, labelled with one of 18 languages.

Sources: the locale modules of Faker and mimesis, japanese-personal-name-dataset (all MIT), and the lists in
data/build/surnames. Tables are read directly, never by random draws: the same packages give the same file.
"""

import csv
import hashlib
import importlib
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from pathlib import Path

import click
import romanize
from files import RAW, replace_text

LISTS = Path(__file__).resolve().parent / "surnames"
LIMIT = 2000
# A Latin letter, with any marks, then letters, spaces, hyphens and apostrophes.
LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff][A-Za-z\u00c0-\u024f\u1e00-\u1eff' -]+")
# Here a form without its accents is the same name carelessly written (Gomez, Gómez); elsewhere another name.
ACCENTS_SLIP = {"Czech", "French", "Italian", "Portuguese", "Spanish"}


def faker(locale: str, table: str = "last_names") -> list[str]:
    """Return a table of surnames from a locale module of Faker."""
    module = importlib.import_module(f"faker.providers.person.{locale}")
    return list(getattr(module.Provider, table))


def mimesis(locale: str, gender: str | None = None) -> list[str]:
    """Return the surnames of a locale file of mimesis."""
    file = resources.files("mimesis") / "datasets" / locale / "person.json"
    surnames = json.loads(file.read_text(encoding="utf-8"))["surnames"]
    return list(surnames[gender] if gender else surnames)


def japanese_readings() -> list[str]:
    """Return the readings of the commonest Japanese surnames, as typed on a keyboard."""
    file = resources.files("japanese_personal_name_dataset") / "dataset" / "last_name_org.csv"
    return [row[3] for row in csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))) if row]


@cache
def listed(name: str) -> list[str]:
    """Return the names of a list in data/build/surnames: commas part them, # begins a comment."""
    lines = (LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    text = ",".join(line for line in lines if not line.startswith("#"))
    return [part.strip() for part in text.split(",") if part.strip()]


@cache
def removed(language: str) -> frozenset[str]:
    """Return the names that removed.txt takes out of a language."""
    lines = (LISTS / "removed.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line.partition(":")[2] for line in lines if line.startswith(language.lower() + ":")]
    return frozenset(part.strip() for part in ",".join(wanted).split(",") if part.strip())


def english() -> list[str]:
    """Return British and American surnames without those of immigrants, and without Mac, Mc and O'."""
    british = faker("en_GB")
    spanish = {*faker("es_ES"), *faker("es_CL"), *faker("es_MX"), *mimesis("es-mx")}
    overseas = [*faker("en_NZ"), *faker("en_US"), *mimesis("en")]
    foreign = spanish.union(faker("pt_BR"), mimesis("it"), listed("scottish"))
    names = british + [name for name in overseas if name not in foreign]
    return [name for name in names if not re.match(r"Mc|Mac[A-Zd]|O'", name)]


def irish() -> list[str]:
    """Return half Irish-language surnames and half anglicized ones that are neither English nor Scottish."""
    known = {*clean("English", english()), *listed("scottish")}
    anglicized = [name for name in clean("Irish", faker("en_IE")) if name not in known]
    return _few("Irish", clean("Irish", faker("ga_IE")), LIMIT // 2) + _few("Irish", anglicized, LIMIT // 2)


def dutch() -> list[str]:
    """Return Dutch and Flemish surnames, with few of the 8,117 that mimesis has from old registers."""
    foreign = {*faker("en_IE"), *english(), *faker("fr_BE")}
    antique = r"c?ks?$|gh|ae|uij|uy|oo?ij|inc|dr$|tt$|y|[a-z][A-Z]|^(De|aan|an|in|op|tho?|then|to|Olde) "
    modern = [name for name in mimesis("nl") if not re.search(antique, name)]
    flemish = [*mimesis("nl-be"), *faker("nl_BE")]
    return listed("dutch") + [n for n in [*flemish, *_few("Dutch", modern, 700)] if n not in foreign]


def italian() -> list[str]:
    """Return surnames with an Italian ending and only Italian letters."""
    names = [name.replace("’", "'") for name in [*faker("it_IT"), *mimesis("it")]]
    return [name for name in names if re.fullmatch(r"[^jkwxyJKWXY]*([aeiouàèéìòù]|[aeo]n|[^e]in|is)", name)]


def korean() -> list[str]:
    """Return the listed surnames, those in Hangul romanized."""
    names = [*listed("korean"), *faker("ko_KR")]
    return [romanize.korean(name) if name >= "\uac00" else name for name in names]


def german() -> list[str]:
    """Return German and Austrian surnames without those with a Slavic or Baltic ending."""
    names = [*faker("de_DE"), *faker("de_AT"), *mimesis("de"), *mimesis("de-at")]
    slavic = r"(ic|sk[aiy]|icz|cz[ay]k|[aeu]k|[eo]v|[^n]yk|[aeiou]ta|zki|owa)$"
    return [name for name in names if len(name) > 2 and not re.search(slavic, name)]


def russian() -> list[str]:
    """Return transliterated Russian surnames, in the form borne by men, with an East Slavic ending."""
    names = [*faker("ru_RU", "last_names_male"), *mimesis("ru", "male")]
    ending = r"(ов|ев|ёв|ин|ын|ий|ый|ой|ых|их|ко|ич|ук|юк|ак|як|ец)$"
    return [romanize.russian(name) for name in names if re.search(ending, name)]


def polish() -> list[str]:
    """Return Polish surnames in the form borne by men."""
    names = [*faker("pl_PL", "male_last_names"), *mimesis("pl", "male"), *faker("pl_PL", "unisex_last_names")]
    return [name for name in names if not re.search(r"(sk|ck|dzk|czn|ow)a$", name)]


def czech() -> list[str]:
    """Return Czech surnames in the form borne by men."""
    names = [*faker("cs_CZ", "last_names_male"), *mimesis("cs"), *listed("czech")]
    return [name for name in names if not name.endswith("ová")]


SOURCES: dict[str, Callable[[], list[str]]] = {
    "Arabic": lambda: [*faker("fr_DZ"), *listed("arabic")],
    "Chinese": lambda: [*listed("chinese"), *(n.title() for n in faker("zh_TW", "last_romanized_names"))],
    "Czech": czech,
    "Dutch": dutch,
    "English": english,
    "French": lambda: [*faker("fr_FR"), *faker("fr_CA"), *mimesis("fr")],
    "German": german,
    "Greek": lambda: [*map(romanize.greek, [*faker("el_GR", "last_names_male"), *mimesis("el", "male")])],
    "Irish": irish,
    "Italian": italian,
    "Japanese": lambda: [romanize.japanese(reading) for reading in japanese_readings()],
    "Korean": korean,
    "Polish": polish,
    "Portuguese": lambda: [*faker("pt_PT"), *faker("pt_BR"), *mimesis("pt"), *listed("portuguese")],
    "Russian": russian,
    "Scottish": lambda: listed("scottish"),
    "Spanish": lambda: [*faker("es_ES"), *faker("es_CL"), *faker("es_CO"), *faker("es_AR"), *mimesis("es")],
    "Vietnamese": lambda: listed("vietnamese"),
}
# Frequent names: always kept where a longer list is cut.
COMMON: dict[str, Callable[[], list[str]]] = {
    "German": lambda: faker("de_DE"),
    "Polish": lambda: faker("pl_PL", "male_last_names"),
    "Italian": lambda: [name for name in mimesis("it") if name in set(faker("it_IT"))],
}


def clean(language: str, names: Iterable[str]) -> list[str]:
    """Return the names in NFC, each once, without those that removed.txt or the alphabet refuses."""
    tidy = (unicodedata.normalize("NFC", " ".join(name.split())).replace("’", "'") for name in names)
    kept = dict.fromkeys(n for n in tidy if LATIN.fullmatch(n) and n not in removed(language))
    return _accented(list(kept)) if language in ACCENTS_SLIP else list(kept)


def _accented(names: list[str]) -> list[str]:
    """Drop the names that also stand with accents."""
    better = {_plain(name) for name in names if _plain(name) != name}
    return [name for name in names if name not in better]


def _plain(name: str) -> str:
    """Return a name without its marks."""
    return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))


def _few(language: str, names: list[str], limit: int) -> list[str]:
    """Return at most limit names: those whose SHA-256 of "language/name" is smallest."""
    # A hash and not a shuffle: a name added to a source changes the choice by one name.
    return sorted(names, key=lambda name: hashlib.sha256(f"{language}/{name}".encode()).hexdigest())[:limit]


def surnames(language: str) -> list[str]:
    """Return the sorted surnames of a language, common ones first to be kept where there are too many."""
    names = clean(language, SOURCES[language]())
    wanted = set(COMMON[language]()) if language in COMMON else set()
    common = [name for name in names if name in wanted]
    rest = [name for name in names if name not in wanted]
    return sorted(common + _few(language, rest, LIMIT - len(common)))


def to_csv(rows: Iterable[tuple[str, str]]) -> str:
    """Return rows of name and language as CSV text with a header."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("name", "language"), *rows])
    return text.getvalue()


@click.command()
@click.option("--output", default=RAW / "names.csv", type=click.Path(path_type=Path), help="File to write.")
def main(output: Path) -> None:
    """Build names.csv from the installed name packages and the lists in data/build/surnames."""
    try:
        rows = [(name, language) for language in SOURCES for name in surnames(language)]
    except (ImportError, FileNotFoundError) as error:
        raise click.ClickException(f"{error}; install the name packages: pip install -e .[build]") from error
    replace_text(output, to_csv(rows))
    click.echo(f"{output}: {len(rows)} rows, {len(SOURCES)} languages")


if __name__ == "__main__":
    main()
