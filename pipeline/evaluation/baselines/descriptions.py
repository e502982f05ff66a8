"""The baselines and the bound of each format of data, each described in a sentence; light to import."""

from collections.abc import Mapping

from pipeline.params.schema import BASELINE, BOUND

FREQUENT_CLASS = "Predicts each class with its share of the training rows, whatever the text."

# Format -> baseline -> description. The strong one comes first, and its name is `baseline` alone.
BASELINES: Mapping[str, Mapping[str, str]] = {
    "words": {
        BASELINE: "Predicts each letter with its share of the letters to predict in the training words, whatever "
        "comes before it.",
    },
    "text": {
        BASELINE: "An n-gram model: counts of the symbols that follow the last few symbols in the training text, "
        "interpolated with modified Kneser-Ney smoothing; its order is chosen on the validation text.",
        "baseline-frequent": "Predicts each symbol with its share of the training text, whatever comes before it.",
        "baseline-compressor": "The bits per symbol that a general-purpose compressor (bzip2 or LZMA, the better on "
        "the validation text) adds when the text is appended to the training text.",
    },
    "labelled": {
        BASELINE: "Logistic regression on the character n-grams of length 1 to 4 of the text, with start and end "
        "marked, weighted by tf-idf; the strength of the regularisation is chosen on validation rows.",
        "baseline-frequent": FREQUENT_CLASS,
    },
    "windows": {
        BASELINE: "Logistic regression on the last 1 to 8 characters of the window, with each n-gram as one feature; "
        "the strength of the regularisation is chosen on validation rows.",
        "baseline-frequent": FREQUENT_CLASS,
    },
    "pairs": {
        BASELINE: "Linear regression on the inputs; exact where the number is a weighted sum of them, as the value of "
        "a binary number is of its bits.",
        "baseline-mean": "Predicts the mean of the training targets, whatever the inputs.",
    },
    "series": {
        BASELINE: "Gradient boosting of small trees on the 32 values before the day, with the absolute error as loss; "
        "size and number of trees are chosen on validation days.",
        "baseline-naive": "Predicts the value of one season before (the seasonal naive forecast).",
        "baseline-median": "Predicts the median of the training days, whatever the days before.",
    },
}

# Format -> baseline -> short name within a sentence.
SHORT_NAMES: Mapping[str, Mapping[str, str]] = {
    "words": {BASELINE: "letter frequencies"},
    "text": {
        BASELINE: "n-grams with modified Kneser-Ney smoothing",
        "baseline-frequent": "symbol frequencies",
        "baseline-compressor": "a general-purpose compressor",
    },
    "labelled": {BASELINE: "logistic regression on n-grams", "baseline-frequent": "class frequencies"},
    "windows": {BASELINE: "logistic regression on n-grams", "baseline-frequent": "class frequencies"},
    "pairs": {BASELINE: "linear regression", "baseline-mean": "the mean of the training targets"},
    "series": {
        BASELINE: "gradient boosting",
        "baseline-naive": "the value of one season before",
        "baseline-median": "the median of the training days",
    },
}

# Format -> description of its bound; for other formats none can be computed.
BOUNDS: Mapping[str, str] = {
    "words": "The distribution of the letters that follow each prefix in these same words: no model that reads letters "
    "from left to right can do better on them.",
    "labelled": "Some texts have several labels: whatever a model predicts for such a text is wrong for its rows with "
    "another label.",
    "pairs": "No function of the inputs can be right for all rows that have the same inputs but different targets; the "
    "bound on the error is zero where there are no such rows.",
}


def describe(format_: str, name: str) -> str:
    """Return the description of a baseline, or of the bound, of a format."""
    return BOUNDS[format_] if name == BOUND else BASELINES[format_][name]
