"""Which baselines and limits each format of data has, and what each is, in a sentence; light to import."""

from collections.abc import Mapping

from pipeline.references import BASELINE, LIMIT

FREQUENT_CLASS = "Gives each class its share of the training rows, whatever the text."

# Format -> baseline -> what it is. The strong one comes first and is called `baseline` alone.
BASELINES: Mapping[str, Mapping[str, str]] = {
    "words": {
        BASELINE: "Gives each letter its share of the letters to predict in the training words, whatever stands "
        "before it.",
    },
    "text": {
        BASELINE: "An n-gram model: counts of what followed the last few symbols in the training text, interpolated by "
        "modified Kneser-Ney smoothing; how many symbols it looks back is chosen on the validation text.",
        "baseline-frequent": "Gives each symbol its share of the training text, whatever stands before it.",
        "baseline-compressor": "The bits a symbol that a general compressor (bzip2 or LZMA, the better on the "
        "validation text) adds when the text is appended to the training text.",
    },
    "labelled": {
        BASELINE: "Logistic regression on the runs of 1 to 4 characters in the text, start and end being marked, "
        "weighted by tf-idf; the strength of regularisation is chosen on validation rows.",
        "baseline-frequent": FREQUENT_CLASS,
    },
    "windows": {
        BASELINE: "Logistic regression on the last 1, 2, up to 8 characters of the window, each run as one feature; "
        "the strength of regularisation is chosen on validation rows.",
        "baseline-frequent": FREQUENT_CLASS,
    },
    "pairs": {
        BASELINE: "Linear regression on the inputs; exact where the number is a weighted sum of them, as the value of "
        "a binary number is of its bits.",
        "baseline-mean": "Gives the mean of the training targets, whatever the inputs.",
    },
    "series": {
        BASELINE: "Gradient boosting of small trees on the 32 values before the day, for the absolute error; size and "
        "number of trees are chosen on validation days.",
        "baseline-naive": "Gives the value of one season before.",
        "baseline-median": "Gives the median of the training days, whatever the days before.",
    },
}

# What each is called in a sentence.
CALLED: Mapping[str, Mapping[str, str]] = {
    "words": {BASELINE: "letter frequencies"},
    "text": {
        BASELINE: "n-grams with modified Kneser-Ney smoothing",
        "baseline-frequent": "symbol frequencies",
        "baseline-compressor": "a general compressor",
    },
    "labelled": {BASELINE: "logistic regression on n-grams", "baseline-frequent": "class frequencies"},
    "windows": {BASELINE: "logistic regression on n-grams", "baseline-frequent": "class frequencies"},
    "pairs": {BASELINE: "linear regression", "baseline-mean": "the mean of the training targets"},
    "series": {
        BASELINE: "gradient boosting",
        "baseline-naive": "the value of a season before",
        "baseline-median": "the median of the training days",
    },
}

# Format -> what its limit is; other formats have none that can be computed.
LIMITS: Mapping[str, str] = {
    "words": "The distribution of the letters that follow each prefix in these very words: no model that reads letters "
    "from the left can do better on them.",
    "labelled": "Texts that stand under several labels: whatever a model says of such a text, it is wrong for the rows "
    "with another label.",
    "pairs": "Rows with the same inputs and different targets: no function of the inputs can be right for all of them; "
    "the error is zero where there are none.",
}


def description(format_: str, name: str) -> str:
    """Say what a baseline or the limit of a format is."""
    return LIMITS[format_] if name == LIMIT else BASELINES[format_][name]
