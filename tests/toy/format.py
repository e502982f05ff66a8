"""A list of words, each with how often it has a letter."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.data.formats.base import Draft, Format
from pipeline.data.inputs import Reader, TextReader
from pipeline.data.prepared import Prepared, scale
from pipeline.data.prepared.vocabulary import Vocabulary, pad
from pipeline.data.readers import read_text
from pipeline.data.splits import stratified_split, take_rows
from pipeline.data.wording import ModelFacts, Usage, predict_command
from pipeline.params.datasets import CountsParams
from pipeline.params.models import ModelParams


class Counts(Format[CountsParams]):
    unit = "counted words"

    def draft(self, params: CountsParams, folder: Path | None) -> Draft:
        words = read_text(Path(params.raw)).split()
        rows = stratified_split(words, [""] * len(words), params, params.raw)
        vocabulary = Vocabulary.closed(params.alphabet)
        symbols, lengths = pad([vocabulary.encode(word) for word in words])
        counts = np.array([word.count(params.letter) for word in words], dtype=np.float32)
        splits = take_rows({"symbols": symbols, "lengths": lengths, "counts": counts}, rows)
        return Draft(splits, vocabulary, scaling={"counts": scale(splits["train"]["counts"])})

    def reader(self, params: CountsParams, prepared: Prepared, model: ModelParams) -> Reader:
        return TextReader("word", prepared, alphabet=params.alphabet)

    def describe_use(self, params: CountsParams, prepared: Prepared) -> str:
        return f"To count the letter {params.letter}."

    def limitations(self, params: CountsParams, prepared: Prepared, model: ModelFacts) -> Iterator[str]:
        yield "It cannot count other letters."

    def usage(self, params: CountsParams, prepared: Prepared, model: ModelFacts) -> Usage:
        return Usage(('model.predict("abba")',), (predict_command(model.name, "abba"),))
