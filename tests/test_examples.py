"""The YAML examples of README and docs: each can be part of params.yaml, and its data sets are prepared from a file."""

import re
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from pipeline.params import load_params
from pipeline.params.models import ModelParams
from stages.prepare import main
from tests.support.project import REPOSITORY

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
SHIPPED = (REPOSITORY / "params.yaml").read_text(encoding="utf-8")
PREDICTED_BY = {  # format -> a shipped model that reads such data
    "words": "words-lstm",
    "pairs": "binary-lstm",
    "series": "sales-lstm",
    "labelled": "names-lstm",
    "text": "text-lstm",
    "windows": "vowels-lstm",
}
VERSE = "In the beginning was the word, and the word was here; so it is.\n" * 20
DAYS = [f"2020-{1 + day // 28:02}-{1 + day % 28:02},{{}},1,{day % 5}" for day in range(200)]
SALES = [day.format(store) for day in DAYS for store in (1, 2)]
LABELLED = [f"{'abcd'[row % 4]}{'aeiou'[row % 5]}x{row},{row % 2}" for row in range(60)]
RAW = {  # what the comments of the examples say, by data set
    "animals": "\n".join(f"{a}{b}{c}" for a in "abcd" for b in "ei" for c in "xyz"),
    "temperatures": "\n".join(["last,next", *(f"{row} {row + 1} {row + 2},{row + 3}" for row in range(40))]),
    "shop": "\n".join(["day,shop,article,sold", *(line.format(shop) for shop in ("North", "South") for line in DAYS)]),
    "reports": "\n".join(["text,topic", *LABELLED]),
    "messages": "\n".join(["text,team", *LABELLED]),
    "novel": VERSE,
    "next-kind": VERSE,
    "reviews": {
        f"{split}.csv": "\n".join(["review,stars", *LABELLED[start : start + 20]])
        for start, split in enumerate(("train", "validation", "test"))
    },
    "names-archive": {
        f"data/names/{label}.txt": "\n".join(f"{label[:2]}{row}" for row in range(30)) for label in ("Arabic", "Czech")
    },
    "store-items": "\n".join(["date,store,item,sales", *SALES]),
    "songs": {"jaychou_lyrics.txt": VERSE},
    "text8": {"text8": VERSE},
}


def parse(text):
    return YAML(typ="safe", pure=True).load(text)


def examples():
    """Yield the name of a page and each YAML block of it."""
    for page in PAGES:
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
            yield pytest.param(parse(block), id=f"{page.name}: {'/'.join(parse(block))}")


def datasets():
    return {name: block for example in examples() for name, block in example.values[0].get("datasets", {}).items()}


def write(params):
    with Path("params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(params, file)


def model_for(dataset, block):
    return {f"{dataset}-model": {**parse(SHIPPED)["models"][PREDICTED_BY[block["format"]]], "dataset": dataset}}


def write_raw(path, content):
    """Write a text, a zip of texts, or a folder of texts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content)
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in content.items():
                archive.writestr(name, text)
    else:
        for name, text in content.items():
            write_raw(path / name, text)


@pytest.mark.parametrize("example", [*examples()])
def test_an_example_can_be_part_of_params(example, here):
    params = parse(SHIPPED)
    for section, blocks in example.items():
        params[section] |= blocks
    for name, block in example.get("datasets", {}).items():
        params["models"] |= model_for(name, block)
    write(params)
    loaded = load_params()
    assert all(name in getattr(loaded, section) for section, blocks in example.items() for name in blocks)


@pytest.mark.parametrize("name", sorted(datasets()))
def test_a_data_set_of_an_example_is_prepared_from_such_a_file(name, here):
    block = datasets()[name]
    params = {"datasets": {name: block}, "defaults": parse(SHIPPED)["defaults"], "models": model_for(name, block)}
    write({"sources": {}, **params})
    write_raw(Path(block["raw"]), RAW[name])
    done = CliRunner().invoke(main, [name])
    assert done.exit_code == 0, done.output
    assert Path("data/prepared", name, "data_card.json").exists()


def test_there_is_an_example_of_each_format_and_one_of_a_text_model_with_all_its_keys():
    assert {block["format"] for block in datasets().values()} == set(PREDICTED_BY)
    models = [block for example in examples() for block in example.values[0].get("models", {}).values()]
    assert {*ModelParams.model_fields} - {"window"} in [set(block) for block in models]
