"""Models that leak their target: what the report says about them instead of ranking them."""

from pipeline.report.format import format_count
from pipeline.report.load import Results
from pipeline.report.parts import Link, Part, Table
from pipeline.report.ranking import training_perplexity


def part(results: Results) -> Part | None:
    """Describe such models apart from all others, without ranking or comparing them."""
    if not results.leaking:
        return None
    rows = tuple(
        (Link.to_card(name), training_perplexity(results, name), format_count(results.models[name].parameters))
        for name in results.leaking
    )
    table = Table("Models that leak their target", ("model", "training perplexity", "parameters"), rows)
    generated = " For the text it generates, see “Generated text”." if "samples" in results.tables else ""
    sentences = tuple(
        f"{name} {results.about.leak} It is excluded from every ranking and comparison here.{generated}"
        for name in results.leaking
    )
    return Part("Excluded from comparison", sentences, tables=(table,))
