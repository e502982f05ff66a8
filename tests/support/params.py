"""A params.yaml with every kind of block, and functions to change it, load it and collect its errors."""

import copy
import io
from pathlib import Path
from typing import get_args

import pytest
from ruamel.yaml import YAML

from pipeline.errors import ParamsError
from pipeline.params import load_params
from pipeline.params.datasets import AnyDataset
from pipeline.params.schema import SourceParams

PARAMS = """
sources:
  psalms: {kind: bible, books: psalms, file: data/raw/psalms.txt}
  archive: {kind: url, url: https://example.org/a.zip, max_megabytes: 5, file: data/raw/a.zip,
    sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}
datasets:
  words: {format: words, raw: data/raw/words.txt, alphabet: abc, validation: 0.1, test: 0.2, split_seed: 1,
    refit: true}
  binary: {format: pairs, raw: data/raw/binary.csv, inputs: bits, separator: "", target: number, validation: 0.0,
    test: 0.0, split_seed: 1, refit: true}
  sales: {format: series, raw: data/raw/sales.csv, date: date, store: store, item: item, sales: sales, stores: all,
    items: [1, A2], reduce: mean, season: 6, validation: 0.15, test: 0.15, refit: false}
  names: {format: labelled, raw: data/raw/names.csv, text: name, label: language, members: "*.txt",
    max_megabytes: 64, validation: 0.1, test: 0.1, split_seed: 1, refit: false}
  lyrics: {format: text, raw: data/raw/psalms.txt, alphabet: any, skip: 0, limit: 100, max_megabytes: 64,
    validation: 0.1, test: 0.1, refit: false}
  vowels: {format: windows, raw: data/raw/bible.txt, alphabet: abcde, skip: 0, limit: 0, max_megabytes: 64, width: 20,
    stride: 3, classes: {step: bcd, vowel: ae}, validation: 0.1, test: 0.1, refit: false}
defaults: {seeds: [1, 2], layers: 1, bidirectional: false, dropout: 0.0, input_dropout: 0.0, output_dropout: 0.0,
  head: linear, initialisation: uniform, scaling: none, optimiser: adam, momentum: 0.0, beta2: 0.999, weight_decay: 0.0,
  schedule: {kind: step, every: 3, factor: 0.5}, gradient_clip: 1.0, patience: 0, supervision: task,
  sampling: shuffled, steps_per_epoch: null, offset: random, samples: null}
models:
  words-lstm: {dataset: words, cell: lstm, hidden_size: 64, input: one-hot, learning_rate: 0.01, batch_size: 50,
    epochs: 400}
  binary-lstm: {dataset: binary, cell: lstm, layers: 2, hidden_size: [5, 1], input: values, head: none,
    optimiser: sgd, momentum: 0.9, learning_rate: 1e-05, schedule: {kind: constant}, batch_size: 1, epochs: 100}
  sales-lstm: {dataset: sales, cell: gru, hidden_size: 64, input: flat, scaling: standard, learning_rate: 3.0e-3,
    batch_size: 32, epochs: 60, patience: 15, window: 32}
  names-lstm: {dataset: names, cell: rnn, hidden_size: 128, input: one-hot, learning_rate: 1, batch_size: 64,
    epochs: 12, sampling: balanced}
  lyrics-lstm: {dataset: lyrics, cell: scratch, hidden_size: 192, input: embedding, embedding_size: 64,
    sampling: consecutive, learning_rate: 0.005, batch_size: 32, sequence_length: 35, epochs: 15,
    samples: {every: 5, length: 50, prefixes: [the lord, selah]}}
  vowels-lstm: {dataset: vowels, cell: linear, hidden_size: 96, input: embedding, embedding_size: 32,
    learning_rate: 0.005, batch_size: 128, epochs: 8}
"""
YAML12 = YAML(typ="safe", pure=True)
RAW = YAML12.load(PARAMS)


def classes(union):
    """Return the class of each block of a section, by the value of its `format` or `kind`."""
    members, field = get_args(union)
    return {
        value: cls for cls in get_args(members) for value in get_args(cls.model_fields[field.discriminator].annotation)
    }


FORMATS, KINDS = classes(AnyDataset), classes(SourceParams)


def changed(path, value):
    """Return the params with one value set, or without the key if the value is `...`."""
    raw = copy.deepcopy(RAW)
    *parents, last = path.split(".")
    block = raw
    for key in parents:
        block = block[int(key) if isinstance(block, list) else key]
    if value is ...:
        del block[last]
    else:
        block[int(last) if isinstance(block, list) else last] = value
    return raw


def load(folder, content):
    """Load params from a text, or from nested dictionaries."""
    if not isinstance(content, str):
        stream = io.StringIO()
        YAML12.dump(content, stream)
        content = stream.getvalue()
    path = Path(folder) / "params.yaml"
    path.write_text(content, encoding="utf-8")
    return load_params(path)


def errors(folder, content):
    """Return the error lines that loading gives, each without the name of the file."""
    with pytest.raises(ParamsError) as caught:
        load(folder, content)
    lines = str(caught.value).split("\n")
    start = f"{folder / 'params.yaml'}: "
    assert all(line.startswith(start) for line in lines)
    return [line.removeprefix(start) for line in lines]


def paths(block, path=()):
    """Yield the dotted path of each value, with the value."""
    for key, value in block.items() if isinstance(block, dict) else enumerate(block):
        yield ".".join((*path, str(key))), value
        if isinstance(value, (dict, list)):
            yield from paths(value, (*path, str(key)))
