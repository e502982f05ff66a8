"""Words that several formats use for their model cards: limitations, and examples of use."""

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from pipeline.data.prepared import Prepared
from pipeline.data.prepared.vocabulary import Vocabulary
from pipeline.files import Arrays
from pipeline.params.models import ModelParams

FEW = 0.25  # of the rows of the largest class
PREFIX, LENGTH = 24, 60  # characters of a text to continue, and of its continuation


@dataclass(frozen=True)
class ModelFacts:
    """What a format needs to know of a model, to say what it is for and how it is used."""

    name: str
    params: ModelParams


@dataclass(frozen=True)
class Usage:
    """Lines that run without changes in the project's folder: of Python, after the model is loaded, and of a shell."""

    python: tuple[str, ...]
    shell: tuple[str, ...]
    imports: tuple[str, ...] = ()


def join_names(names: Sequence[str], last: str = "and") -> str:
    """Join names as in a sentence: `a, b and c`."""
    return f" {last} ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def describe_symbols(prepared: Prepared, alphabet: str | None = None) -> str:
    """Return which symbols a model accepts: those of an alphabet, or those of the training rows."""
    if alphabet is not None:
        symbols = alphabet.replace(" ", "") + (" and the space" if " " in alphabet else "")
        return f"It reads only these symbols, and cleans other text in the same way as its training text: {symbols}"
    has_unknown = prepared.card.unknown is not None
    known = f"It accepts the {(prepared.card.symbols or 0) - has_unknown:,} symbols of its training rows."
    command = "; stages.predict reads them as the unknown token, and lists them" if has_unknown else ""
    return f"{known} It refuses out-of-vocabulary (OOV) symbols{command}."


def describe_small_classes(prepared: Prepared) -> Iterator[str]:
    """Yield which classes have few rows, if any."""
    rows = sorted((prepared.card.classes or {}).items(), key=lambda pair: pair[1])
    if few := [f"{name} ({count:,})" for name, count in rows if count <= FEW * rows[-1][1]]:
        yield f"Classes with few rows, held-out ones included: {join_names(few)}. It is less reliable for these."


def language_usage(name: str, prefix: str) -> Usage:
    """Return how a language model continues a prefix."""
    return Usage(
        (
            f"model.predict({quoted(prefix)})  # the most likely next symbol",
            f"model.next_char_log_probs({quoted(prefix)})  # the log probability of each symbol",
            f'"".join(model.generate({quoted(prefix)}, length={LENGTH}, temperature=0.8))',
        ),
        (
            predict_command(name, prefix, "--top 3"),
            f"python -m stages.generate {name} --prefix {shlex.quote(prefix)}",
        ),
    )


def label_usage(name: str, text: str, meaning: str, options: str = "") -> Usage:
    """Return how a model names the class of a text."""
    return Usage(
        (
            f"model.predict({quoted(text)})  # {meaning}",
            f"model.probabilities({quoted(text)})  # the probability of each class",
        ),
        (predict_command(name, text, options),),
    )


def quoted(text: str) -> str:
    """Write a text as Python does, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def predict_command(name: str, text: str, options: str = "") -> str:
    """Return a command that predicts; a text that looks like an option comes after `--`."""
    guard = "-- " if text.startswith("-") else ""
    return f"python -m stages.predict {name} {options}{' ' if options else ''}{guard}{shlex.quote(text)}"


def shown_rows(prepared: Prepared) -> Arrays:
    """Return the rows to take an example from: the test rows, or all there are where nothing is held out."""
    return prepared.splits.get("test", prepared.splits["train"])


def example_text(prepared: Prepared) -> str:
    """Return the first row without out-of-vocabulary symbols, or else the first row."""
    arrays, vocabulary = shown_rows(prepared), _vocabulary(prepared)
    rows = [row[:length] for row, length in zip(arrays["symbols"], arrays["lengths"].tolist(), strict=True)]
    known = (row for row in rows if vocabulary.unknown is None or vocabulary.unknown not in row)
    return vocabulary.decode(next(known, rows[0]).tolist())


def example_opening(prepared: Prepared) -> str:
    """Return a few words of the test text, from the start of one."""
    vocabulary, stream = _vocabulary(prepared), np.asarray(shown_rows(prepared)["stream"][: 4 * PREFIX])
    known = vocabulary.decode(stream[stream != vocabulary.unknown].tolist())
    return known[PREFIX:].partition(" ")[2][:PREFIX] or known[:PREFIX]


def _vocabulary(prepared: Prepared) -> Vocabulary:
    """Return the vocabulary, which every data set of symbols has."""
    return cast(Vocabulary, prepared.vocabulary)
