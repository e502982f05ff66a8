"""What a task supplies to evaluation: metrics, tables and figures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.data.prepared import ALL_ROWS, DataCard, Prepared
from pipeline.evaluation.about import Difference, Metric
from pipeline.evaluation.figures import MakeFigures
from pipeline.evaluation.metrics import Score
from pipeline.evaluation.results import Evaluations, Sample
from pipeline.evaluation.tables import Table
from pipeline.params.models import ModelParams
from pipeline.params.schema import is_baseline

if TYPE_CHECKING:
    from pipeline.models.network import SequenceModel
    from pipeline.tasks.base import Predictions

# The type and the axes of each array, by its name; NumPy's letter of the type (i: whole numbers, f: numbers).
Forms = Mapping[str, tuple[str, int]]
Scores = dict[str, Score]  # by the metric's name
# (prepared data, loads the trained model of a fit) -> generated texts
Generate = Callable[[Prepared, "Callable[[str], SequenceModel | None]"], Iterator[Sample]]


@dataclass(frozen=True)
class Compared:
    """The metric by which models are compared in pairs, a mean over items."""

    metric: Metric
    difference: Difference


@dataclass(frozen=True)
class TaskEvaluation:
    """How a task is evaluated."""

    goal: str  # within a sentence
    loss_unit: str  # the label of the losses' axis
    predictions: tuple[Forms, ...]  # the arrays of a split's predictions: one of these groups, all with `truth`
    metrics: tuple[Metric, ...]  # all that it may have
    scores: "Callable[[Predictions, DataCard], Scores]"  # of one split's predictions
    primary: tuple[Metric, ...]  # models are ranked by the first of these that a data set has
    compared: Compared
    block_size: Callable[[Prepared], int] = field(default=lambda prepared: 1)  # neighbouring items that are correlated
    primary_of_all_rows: tuple[Metric, ...] = ()  # likewise, on all rows; none if they are the same
    tables: tuple[Table, ...] = ()
    figures: tuple[MakeFigures, ...] = ()  # of the tables; every task has the learning curves
    generate: Generate | None = None
    leaks_target: Callable[[ModelParams], bool] = field(default=lambda params: False)  # the input contains the target
    leak: str = ""  # what that means for such a model, after its name

    def compute(self, predictions: "Predictions", card: DataCard) -> dict[str, float]:
        """Return the metrics of one split's predictions, by name."""
        return {name: score.value for name, score in self.scores(predictions, card).items()}

    def choose_primary(self, split: str, measured: Sequence[str]) -> str:
        """Return the metric by which the models are ranked on a split, of those measured there."""
        candidates = (self.primary_of_all_rows if split == ALL_ROWS else ()) or self.primary
        return next((metric.name for metric in candidates if metric.name in measured), measured[0])

    def choose_baseline(self, evaluations: Evaluations) -> str:
        """Return the strong baseline: the best on validation rows by their primary metric, or the first without such.

        Only those that predict each item can be compared with the models, so a compressor is never the strong one.
        """
        baselines = [each for each in evaluations.all if is_baseline(each.model)]
        measured = {each.model: each.metrics["validation"] for each in baselines if "validation" in each.predictions}
        if not measured:
            return baselines[0].model
        primary = self.choose_primary("validation", list(next(iter(measured.values()))))
        (metric,) = (metric for metric in self.metrics if metric.name == primary)
        choose = max if metric.higher_is_better else min
        return choose(measured, key=lambda name: measured[name][primary])
