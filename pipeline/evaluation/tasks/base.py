"""What a task supplies to evaluation: metrics, tables and figures, and of its formats the references."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.data.prepared import DataCard
from pipeline.evaluation.baselines.base import Fit
from pipeline.evaluation.descriptions import FormatDescription, TaskDescription
from pipeline.evaluation.figures import MakeFigures
from pipeline.evaluation.tables import Table
from pipeline.files import Arrays

if TYPE_CHECKING:
    from pipeline.tasks.base import Predictions

Scores = NDArray[np.float64]
Metrics = dict[str, float]
Bound = Callable[[str, Arrays], Metrics]  # (fit, arrays of a split) -> the best possible metrics, or none


@dataclass(frozen=True)
class ComparedMetric:
    """The metric by which models are compared in pairs, a mean over items."""

    name: str
    scores: "Callable[[Predictions], Scores]"  # the metric of each item, (items,)
    lower_is_better: bool = True


@dataclass(frozen=True)
class FormatEvaluation:
    """The baselines and the bound of a format, and which of its items are correlated."""

    about: FormatDescription
    fits: Mapping[str, Fit]  # of the baselines, by name, in the order in which they are described
    bound: Bound | None = None
    block_size: int = 1  # neighbouring items that are resampled together; for a series, its season takes this place


@dataclass(frozen=True)
class TaskEvaluation:
    """How a task is evaluated."""

    about: TaskDescription
    loss_unit: str  # the label of the losses' axis
    metrics: "Callable[[Predictions, DataCard], Metrics]"  # of one split's predictions, the primary metric first
    compared: ComparedMetric
    formats: tuple[FormatEvaluation, ...]
    tables: tuple[Table, ...] = ()
    figures: tuple[MakeFigures, ...] = ()  # of the tables; every task has the learning curves
    generates: bool = False  # whether its networks generate samples
