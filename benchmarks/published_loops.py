"""Compare the loops of published write-ups with ours: the time to the same loss."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.measured import Goal, Measured
from benchmarks.turns import Loop, once

TITLE = "Against the published loops"
ABOUT = """\
The recipes of `published/params.yaml` as plain torch code: torch's own layers, the unfused classes of its optimisers,
and a loss that is read at each step. Four of the six take one sequence a step; for `vowels` and `text` that is our
choice, as their write-ups state no size of batches (docs/published.md). Against them our loop, with the model of
`params.yaml` for the same data set, from one seed, on the same rows. For `words` both train until the mean training
loss of an epoch has fallen to that of the table; for the others the published loop trains for a limited time, or its
whole recipe if that takes less, and ours until its validation loss is as low as the lowest that was found there; that
is taken ten times, off the clock. One run of each, one after the other, on one thread; processor seconds, and published
over ours. The last column is computed: the seconds of a step times the steps of the recipe, which are its epochs on
these rows, or 200,000 for `names`.
"""
NOTES = """\
A loop that takes one sequence a step spends most of its time on calls. Ours reads many sequences at once, with recipes
of our own, and is looked at after whole epochs only.
"""

LIMIT, WORDS_LIMIT, QUICK_LIMIT = 75.0, 400.0, 0.5  # processor seconds of a published loop
LOOKS = 10  # at the validation loss within the limit


@dataclass(frozen=True)
class Recipe:
    """A published recipe and what it is compared with."""

    published: str  # the block of published/params.yaml
    ours: str  # the block of params.yaml
    loss: str  # what is compared
    training_loss: float | None = None  # to which both train; if None, a validation loss is compared
    steps: int | None = None  # of the published training; if None, the epochs of its block


RECIPES: Mapping[str, Recipe] = {
    "words": Recipe("words-lstm", "words-lstm", "training loss, nats", training_loss=0.28),
    "binary": Recipe("binary-rnn", "binary-rnn", "squared error"),
    "names": Recipe("names-lstm", "names-lstm", "nats a name", steps=200_000),
    "lyrics": Recipe("lyrics-lstm", "lyrics-lstm", "nats a character"),
    "vowels": Recipe("vowels-lstm", "vowels-lstm", "nats a window"),
    "text": Recipe("text-lstm", "text-lstm", "nats a character"),
}
QUICK = "binary"
COLUMNS = ("recipe", "loss compared", "loss", "published, s", "ours, s", "published / ours", "whole recipe, s")


def measure(quick: bool = False) -> Measured:
    """Compare each recipe with our model of the data set."""
    rows = tuple(_measure_recipe(name, quick) for name in ([QUICK] if quick else RECIPES))
    ratios = [row[5] for row in rows if isinstance(row[5], float)]
    least = min(ratios, default=0.0)
    missing = [str(row[0]) for row in rows if isinstance(row[5], str)]
    reason = f"Ours did not reach the loss of: {', '.join(missing)}." if missing else ""
    goal = Goal("published over ours above 1.0 for each recipe", least, least > 1 and not missing, reason=reason)
    return Measured(COLUMNS, rows, (goal,))


def _measure_recipe(name: str, quick: bool) -> tuple[str | float, ...]:
    """Return a row of the table."""
    recipe = RECIPES[name]
    limit = QUICK_LIMIT if quick else WORDS_LIMIT if recipe.training_loss else LIMIT
    found = once(Loop("published_runs", "published", (name, str(limit)), "native"))
    label = f"{recipe.published} and {recipe.ours}" if recipe.published != recipe.ours else recipe.ours
    if found["loss"] is None:
        return (
            label,
            recipe.loss,
            recipe.training_loss or "-",
            f"not reached in {limit:.0f}",
            "-",
            "-",
            found["whole"],
        )
    ours = once(Loop("published_runs", "ours", (name, str(found["loss"]))))
    if ours is None:
        return (label, recipe.loss, found["loss"], found["seconds"], "not reached", "-", found["whole"])
    return (label, recipe.loss, found["loss"], found["seconds"], ours, found["seconds"] / ours, found["whole"])
