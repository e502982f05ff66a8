"""What is said of each task and format: its primary metrics, its baselines and its bound.

Apart from `tasks`, which adds the functions: the report needs these words alone, and is not written anew when a
baseline, a table or a figure changes. So this module imports none of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.params.schema import BASELINE, BOUND, Task


@dataclass(frozen=True)
class BaselineDescription:
    """A baseline, described in a sentence, and its short name within a sentence."""

    description: str
    short_name: str


@dataclass(frozen=True)
class FormatDescription:
    """The baselines and the bound of a format of data."""

    name: str
    baselines: Mapping[str, BaselineDescription]  # the strong one first; its name is `baseline` alone
    bound: str | None = None  # None if none can be computed

    def describe(self, name: str) -> str:
        """Return the description of a baseline, or of the bound."""
        return self.bound if name == BOUND and self.bound else self.baselines[name].description


@dataclass(frozen=True)
class TaskDescription:
    """What a task is, and the metrics by which its models are ranked."""

    name: Task
    goal: str  # within a sentence
    primary_metrics: tuple[str, ...]  # the first of these that a data set has
    primary_metrics_of_refit: tuple[str, ...] = ()  # likewise, on all rows; none if they are the same

    def choose_primary(self, split: str, metrics: Sequence[str]) -> str:
        """Return the metric by which the models are ranked on a split, of the metrics that it has."""
        of_refit = self.primary_metrics_of_refit if split == "all_rows" else ()
        return next((metric for metric in of_refit or self.primary_metrics if metric in metrics), metrics[0])


FREQUENT_CLASS = BaselineDescription(
    "Predicts each class with its share of the training rows, whatever the text.", "class frequencies"
)

WORDS = FormatDescription(
    "words",
    {
        BASELINE: BaselineDescription(
            "Predicts each letter with its share of the letters to predict in the training words, whatever comes "
            "before it.",
            "letter frequencies",
        ),
    },
    bound="The distribution of the letters that follow each prefix in these same words: no model that reads letters "
    "from left to right can do better on them.",
)
TEXT = FormatDescription(
    "text",
    {
        BASELINE: BaselineDescription(
            "An n-gram model: counts of the symbols that follow the last few symbols in the training text, "
            "interpolated with modified Kneser-Ney smoothing; its order is chosen on the validation text.",
            "n-grams with modified Kneser-Ney smoothing",
        ),
        "baseline-frequent": BaselineDescription(
            "Predicts each symbol with its share of the training text, whatever comes before it.",
            "symbol frequencies",
        ),
        "baseline-compressor": BaselineDescription(
            "The bits per symbol that a general-purpose compressor (bzip2 or LZMA, the better on the validation text) "
            "adds when the text is appended to the training text.",
            "a general-purpose compressor",
        ),
    },
)
LABELLED = FormatDescription(
    "labelled",
    {
        BASELINE: BaselineDescription(
            "Logistic regression on the character n-grams of length 1 to 4 of the text, with start and end marked, "
            "weighted by tf-idf; the strength of the regularisation is chosen on validation rows.",
            "logistic regression on n-grams",
        ),
        "baseline-frequent": FREQUENT_CLASS,
    },
    bound="Some texts have several labels: whatever a model predicts for such a text is wrong for its rows with "
    "another label.",
)
WINDOWS = FormatDescription(
    "windows",
    {
        BASELINE: BaselineDescription(
            "Logistic regression on the last 1 to 8 characters of the window, with each n-gram as one feature; the "
            "strength of the regularisation is chosen on validation rows.",
            "logistic regression on n-grams",
        ),
        "baseline-frequent": FREQUENT_CLASS,
    },
)
PAIRS = FormatDescription(
    "pairs",
    {
        BASELINE: BaselineDescription(
            "Linear regression on the inputs; exact where the number is a weighted sum of them, as the value of a "
            "binary number is of its bits.",
            "linear regression",
        ),
        "baseline-mean": BaselineDescription(
            "Predicts the mean of the training targets, whatever the inputs.", "the mean of the training targets"
        ),
    },
    bound="No function of the inputs can be right for all rows that have the same inputs but different targets; the "
    "bound on the error is zero where there are no such rows.",
)
SERIES = FormatDescription(
    "series",
    {
        BASELINE: BaselineDescription(
            "Gradient boosting of small trees on the 32 values before the day, with the absolute error as loss; size "
            "and number of trees are chosen on validation days.",
            "gradient boosting",
        ),
        "baseline-naive": BaselineDescription(
            "Predicts the value of one season before (the seasonal naive forecast).", "the value of one season before"
        ),
        "baseline-median": BaselineDescription(
            "Predicts the median of the training days, whatever the days before.", "the median of the training days"
        ),
    },
)

NEXT_SYMBOL = TaskDescription(
    "next-symbol",
    "predict the next symbol",
    primary_metrics=("letter_accuracy", "perplexity", "loss"),
    primary_metrics_of_refit=("loss", "perplexity"),
)
CLASSIFY = TaskDescription("classify", "predict the class", primary_metrics=("accuracy",))
REGRESS = TaskDescription("regress", "predict the number", primary_metrics=("mse",))
FORECAST = TaskDescription("forecast", "forecast the next day's value", primary_metrics=("mase", "mae"))

FORMATS = {format_.name: format_ for format_ in (WORDS, TEXT, LABELLED, WINDOWS, PAIRS, SERIES)}
TASKS = {task.name: task for task in (NEXT_SYMBOL, CLASSIFY, REGRESS, FORECAST)}
