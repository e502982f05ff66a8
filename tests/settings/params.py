"""A params.yaml with every kind of block, ways to change it, and what loading it says."""

import copy
import io
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline import settings
from pipeline.errors import UserError

PARAMS = """
seeds:
  - 1
  - 2
sources:
  psalms:
    kind: bible
    books: psalms
    file: data/raw/psalms.txt
  archive:
    kind: url
    url: https://example.org/a.zip
    sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    megabytes: 5
    file: data/raw/a.zip
datasets:
  words:
    format: words
    raw: data/raw/words.txt
    alphabet: abc
    validation: 0.1
    test: 0.2
    split_seed: 1
    refit: true
  binary:
    format: pairs
    raw: data/raw/binary.csv
    inputs: bits
    separator: ""
    target: number
    validation: 0.0
    test: 0.0
    split_seed: 1
    refit: true
  sales:
    format: series
    raw: data/raw/sales.csv
    date: date
    store: store
    item: item
    sales: sales
    stores: all
    items:
      - 1
      - A2
    reduce: mean
    season: 6
    validation: 0.15
    test: 0.15
    refit: false
  names:
    format: labelled
    raw: data/raw/names.csv
    text: name
    label: language
    members: "*.txt"
    megabytes: 64
    validation: 0.1
    test: 0.1
    split_seed: 1
    refit: false
  lyrics:
    format: text
    raw: data/raw/psalms.txt
    alphabet: any
    skip: 0
    limit: 100
    megabytes: 64
    validation: 0.1
    test: 0.1
    refit: false
  vowels:
    format: windows
    raw: data/raw/bible.txt
    alphabet: abcde
    skip: 0
    limit: 0
    megabytes: 64
    width: 20
    stride: 3
    classes:
      step: bcd
      vowel: ae
    validation: 0.1
    test: 0.1
    refit: false
training:
  layers: 1
  direction: forward
  dropout: 0.0
  input_dropout: 0.0
  output_dropout: 0.0
  head: linear
  scaling: none
  optimiser: adam
  momentum: 0.0
  beta2: 0.999
  weight_decay: 0.0
  schedule:
    kind: step
    every: 3
    factor: 0.5
  clip: 1.0
  patience: 0
  supervision: task
  sampling: shuffled
models:
  words-lstm:
    dataset: words
    cell: lstm
    hidden: 64
    input: one-hot
    rate: 0.01
    batch: 50
    epochs: 400
  binary-lstm:
    dataset: binary
    cell: lstm
    layers: 2
    hidden:
      - 5
      - 1
    input: values
    head: none
    optimiser: sgd
    momentum: 0.9
    rate: 1e-05
    schedule:
      kind: constant
    batch: 1
    epochs: 100
  sales-lstm:
    dataset: sales
    cell: gru
    hidden: 64
    input: flat
    scaling: standard
    rate: 3.0e-3
    batch: 32
    epochs: 60
    patience: 15
    window: 32
  names-lstm:
    dataset: names
    cell: rnn
    hidden: 128
    input: one-hot
    rate: 1
    batch: 64
    epochs: 12
    sampling: draws
  lyrics-lstm:
    dataset: lyrics
    cell: scratch
    hidden: 192
    input: embedding
    embedding: 64
    sampling: consecutive
    rate: 0.005
    batch: 32
    window: 35
    epochs: 15
  vowels-lstm:
    dataset: vowels
    cell: linear
    hidden: 96
    input: embedding
    embedding: 32
    rate: 0.005
    batch: 128
    epochs: 8
"""
YAML12 = YAML(typ="safe", pure=True)
RAW = YAML12.load(PARAMS)


def changed(path, value):
    """Return the params with one value set, or with the key left out where the value is the key's own."""
    raw = copy.deepcopy(RAW)
    *way, last = path.split(".")
    block = raw
    for key in way:
        block = block[int(key) if isinstance(block, list) else key]
    if value is ...:
        del block[last]
    else:
        block[int(last) if isinstance(block, list) else last] = value
    return raw


def loaded(folder, content):
    if not isinstance(content, str):
        stream = io.StringIO()
        YAML12.dump(content, stream)
        content = stream.getvalue()
    path = Path(folder) / "params.yaml"
    path.write_text(content, encoding="utf-8")
    return settings.load(path)


def faults(folder, content):
    """Return the lines of a refusal, each without the name of the file."""
    with pytest.raises(UserError) as caught:
        loaded(folder, content)
    lines = str(caught.value).split("\n")
    start = f"{folder / 'params.yaml'}: "
    assert all(line.startswith(start) for line in lines)
    return [line.removeprefix(start) for line in lines]


def leaves(block, path=()):
    for key, value in block.items() if isinstance(block, dict) else enumerate(block):
        if isinstance(value, (dict, list)):
            yield from leaves(value, (*path, str(key)))
        else:
            yield ".".join((*path, str(key)))
