"""Models that read what they are asked to predict: what is said of them instead of figures."""

from pipeline.report.parts import Link, Part, Table
from pipeline.report.reading import Results
from pipeline.report.scoring import training_perplexity
from pipeline.report.wording import count

WARNING = (
    "reads its text in both directions, and so the very symbol that it is asked to predict. Its perplexity says "
    "nothing of its skill, and it cannot be used as a language model: when it writes, the symbol to come is not there "
    "to be read."
)


def part(results: Results) -> Part | None:
    """Show such models apart from all others: in no ranking and in no comparison."""
    if not results.meaningless:
        return None
    rows = tuple(
        (Link.to_card(name), training_perplexity(results, name), count(results.models[name].parameters))
        for name in results.meaningless
    )
    table = Table("Figures that mean nothing", ("model", "training perplexity", "parameters"), rows)
    shown = " What it writes stands under “Generated text”." if "samples" in results.tables else ""
    sentences = tuple(
        f"{name} {WARNING} It is in no ranking and no comparison here.{shown}" for name in results.meaningless
    )
    return Part("Not to be compared", sentences, tables=(table,))
