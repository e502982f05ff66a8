"""Mutations of params.yaml, raw files, inputs and folders; each is drawn from a `random.Random`."""

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from ruamel.yaml import YAML

from pipeline import manifest

WORDS = ["", " ", "\u200b", "NaN", "null", "../../x", "/etc/passwd", "$(touch PWNED)", "a; touch PWNED #", "=1+1"]
WORDS += ["\u202e", "\x00", "-", "x" * 5000, "9" * 5000, "Šimůnek", "2024-99-99", "9999-12-31", "1e400", "🙂", "a\nb"]
NUMBERS = [0, -1, 1, 2, 0.5, -0.5, 1e-300, 1e300, 2**31, 2**63, 10**12, 10**400, float("nan"), float("inf")]
VALUES: list[Any] = [*WORDS, *NUMBERS, None, True, [], {}, [[]], {"": None}, [1, "1"], [None] * 50, {"a": {"a": {}}}]
DEEP = "[" * 3000 + "]" * 3000
BYTES = [b"\0", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r", b"\n\n", b'"', b",", b";", b"\t", b"\x1b[31m"]
BYTES += [word.encode() for word in WORDS] + [b"nan", b"-5", b"1e999", b"0x10", b"'", b"#", b"&a *a", b"!!int x"]
FILES = [b"", b"\0" * 1000, b"null", b"[]", b"{}", DEEP.encode(), b"<!doctype html><html><body>404</body></html>\n"]
FILES += [b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 5\n", b"PK\x03\x04" * 30]


def mutate_params(text: str, random: Random) -> str:
    """Return params.yaml with one to three of its values, keys or characters changed."""
    yaml = YAML(typ="safe", pure=True)
    params = yaml.load(text)
    for _ in range(random.randint(1, 3)):
        mutate_tree(params, random)
    stream = io.StringIO()
    yaml.dump(params, stream)
    changed = stream.getvalue()
    if random.random() < 0.2:
        changed = mutate_bytes(changed.encode(), random).decode(errors="replace")
    return changed


def mutate_tree(tree: Any, random: Random) -> None:
    """Change a value, key or item somewhere in nested mappings and lists."""
    places = list(_places(tree))
    if not places:
        return
    home, key = random.choice(places)
    change = random.choice(["set", "set", "set", "delete", "rename", "move"])
    if change == "set":
        home[key] = random.choice(VALUES)
    elif change == "delete":
        del home[key]
    elif change == "rename" and isinstance(home, dict):
        home[random.choice(WORDS)] = home.pop(key)
    else:
        other, place = random.choice(places)
        other[place] = json.loads(json.dumps(home[key]))


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every mapping or list with each of its keys."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield tree, key
        yield from _places(value)


def mutate_bytes(content: bytes, random: Random) -> bytes:
    """Return content with one to four changes, or other content."""
    if random.random() < 0.1:
        return random.choice(FILES)
    for _ in range(random.randint(1, 4)):
        start = random.randint(0, len(content))
        end = min(len(content), start + random.choice([0, 1, 4, 40]))
        part = content[start:end]
        new = random.choice([b"", part * 2, part[::-1], bytes([random.randrange(256)]), *BYTES])
        content = content[:start] + new + content[end:]
        if random.random() < 0.1:
            content = content[: random.randint(0, len(content))]
    return content


def mutate_json(content: bytes, random: Random) -> bytes:
    """Return JSON with something in it changed, or content that is other JSON or none."""
    if random.random() < 0.2:
        return mutate_bytes(content, random)
    tree = [json.loads(content)]
    mutate_tree(tree, random)
    return json.dumps(tree[0] if tree else None).encode()


def mutate_folder(folder: Path, random: Random) -> None:
    """Change, delete, add, move or link a file of a folder, and sometimes write its manifest anew."""
    _mutate_file(folder, random)
    listed = folder / manifest.MANIFEST
    if random.random() < 0.5 and not listed.is_dir():
        listed.unlink(missing_ok=True)
        manifest.write(folder)


def _mutate_file(folder: Path, random: Random) -> None:
    path = random.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
    change = random.choice(["content"] * 6 + ["delete", "copy", "folder", "link", "swap"])
    if change == "content":
        mutate = mutate_json if path.suffix == ".json" else mutate_bytes
        path.write_bytes(mutate(path.read_bytes(), random))
    elif change == "copy":
        shutil.copy(path, path.with_name(f"more{path.suffix}"))
    elif change == "swap":
        other = random.choice(sorted(other for other in folder.rglob("*") if other.is_file()))
        content = path.read_bytes()
        path.write_bytes(other.read_bytes())
        other.write_bytes(content)
    else:
        path.unlink()
        if change == "folder":
            path.mkdir()
        elif change == "link":
            path.symlink_to("/etc/hostname")
