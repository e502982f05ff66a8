class CountsParams(ShuffledParams):  # noqa: F821  (in pipeline/params/datasets.py)
    """A list of words; how often a letter is in a word is predicted."""

    task = "count"
    allowed = SYMBOLS | ROWS  # noqa: F821

    format: Literal["counts"]  # noqa: F821
    alphabet: Alphabet  # noqa: F821
    letter: str
