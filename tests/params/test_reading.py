"""Whatever params.yaml contains, it is read or refused in one short line."""

import pytest

from tests.support.params import PARAMS, changed, errors, load

LEVELS = 12
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, LEVELS)
)
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{level}: &a{level} [*a{level - 1}]\n" for level in range(1, 40))
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{level}: &a{level} {{<<: [*a{level - 1}, *a{level - 1}]}}\n" for level in range(1, 40)
)
LONG = "x" * 5000
REFUSED = {  # content, and what the line says
    "a list that does not end": ("seeds: [1\n", "line 2: "),
    "a key twice": ("seeds:\n  - 1\nseeds:\n  - 2\n", 'line 3: found duplicate key "seeds"'),
    "a key twice in a block": (PARAMS.replace("epochs: 8}", "epochs: 8, epochs: 9}"), 'found duplicate key "epochs"'),
    "a wrong indent": ("a: 1\n  b: 2\n", "line 2: mapping values are not allowed"),
    "a list": ("- 1\n", "found [1]; wanted a block"),
    "nothing": ("", "found nothing; wanted a block"),
    "two documents": ("a: 1\n---\nb: 1\n", "line 2: but found another document"),
    "a control character": ("a: \x00\n", "not YAML: "),
    "no character": ('a: "\\UFFFFFFFF"\n', "not YAML: "),
    "no date": ("b: 1\na: 2001-13-45\n", "line 2: found '2001-13-45' (month must be in 1..12)"),
    "no boolean": ("a: !!bool maybe\n", "line 1: found 'maybe'"),
    "no number": ("a: !!int abc\n", "line 1: found 'abc'"),
    "bytes": ("a: !!binary aGVsbG8=\n", "line 1: found tag !!binary, which params do not have"),
    "a set": ("a: !!set {b, c}\n", "line 1: found tag !!set"),
    "an object": ("a: !!python/object:os.system x\n", "line 1: found tag !!python/object:os.system"),
    "a long tag": (f"a: !{LONG} 1\n", "line 1: found tag !xxx"),
    "a list as key": ("? [[a]]\n: b\n", "not YAML: unhashable type"),
    "a long number": (f"a: {'1' * 5000}\n", "line 1: found a number of 5,000 characters; wanted at most 100"),
    "a long hexadecimal number": (f"a: 0x{'f' * 5000}\n", "line 1: found a number of 5,002 characters"),
    "a long alias": (f"a: *{LONG}\n", "line 1: found undefined alias 'xxx"),
    "a long text": (f'"{LONG}"\n', "found 'xxx"),
    "open brackets": ("[" * 900, "line 1: blocks and lists are more than 20 levels deep"),
    "closed brackets": ("[" * 900 + "]" * 900, "line 1: blocks and lists are more than 20 levels deep"),
    "deep blocks": ("".join(f"{' ' * level}a:\n" for level in range(30)), "line 20: blocks and lists are more than 20"),
    "an alias of itself": ("a: &a [*a]\n", "line 1: blocks and lists are more than 20 levels deep"),
    "aliases without end": (LAUGHS, "line 6: its aliases stand for more than 200,000 characters or 20 levels"),
    "aliases of a long text": (f"a: &a {LONG}\nb: [{'*a, ' * 100}]\n", "line 2: its aliases stand for more than"),
    "aliases of aliases": (CHAIN, "line 19: its aliases stand for more than 200,000 characters or 20 levels"),
    "merged blocks": (MERGES, "its aliases stand for more than 200,000 characters or 20 levels"),
    "30 megabytes": ("x" * 30_000_000, "more than 200,000 bytes; wanted settings only"),
}


@pytest.mark.parametrize(("content", "line"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_read_is_refused_in_one_short_line(tmp_path, content, line):
    (found,) = errors(tmp_path, content)
    assert line in found
    assert len(found) < 300
    assert found.isprintable()


def test_anchors_and_merged_blocks_are_read(tmp_path):
    head, _, models = PARAMS.partition("models:\n  words-lstm: {dataset: words,")
    aliased = (
        f"{head}models:\n  words-lstm: &words {{dataset: words,{models}  words-gru:\n    <<: *words\n    cell: gru\n"
    )
    found = load(tmp_path, aliased).models
    assert found["words-gru"].hidden_sizes == found["words-lstm"].hidden_sizes
    assert found["words-gru"].cell == "gru"


KEYS = {key: key for key in ("2024-01-01", "null", "true", "1.5", ".nan")}
KEYS |= {"a surrogate": '"\\ud800"', "an escape": '"\\e[31m"', "a long text": LONG[:900]}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("section", ["datasets", "models"])
def test_a_key_of_any_type_is_refused_in_one_short_line(tmp_path, section, key):
    before = f"{section}:\n"
    text = PARAMS.replace(before, f"{before}  {key}: 5\n")
    found = errors(tmp_path, text)
    assert all(line.startswith(f"{section}.") for line in found)
    assert max(map(len, found)) < 420  # the path and the key
    assert all(line.isprintable() for line in found)


@pytest.mark.parametrize("path", ["models.words-lstm.dataset", "datasets.words.raw", "models.words-lstm.cell"])
@pytest.mark.parametrize("value", [LONG, [LONG], {LONG: LONG}, "\x1b[31m"], ids=["text", "list", "block", "escape"])
def test_a_message_shows_no_more_than_the_beginning_of_a_value(tmp_path, path, value):
    found = errors(tmp_path, changed(path, value))
    assert all(line.startswith(f"{path}: ") for line in found)
    assert max(map(len, found)) < 300
    assert all(line.isprintable() for line in found)


def test_many_errors_are_counted_and_known_names_cut(tmp_path):
    raw = changed("models.words-lstm.dataset", "word")
    raw["models"] |= {f"model-{number}": raw["models"]["words-lstm"] for number in range(100)}
    raw["datasets"] |= {f"data-set-{number}": raw["datasets"]["words"] for number in range(100)}
    found = errors(tmp_path, raw)
    assert len(found) == 51
    assert found[-1] == "51 more errors; correct these first"
    assert max(map(len, found)) < 300
