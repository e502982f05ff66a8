"""params.yaml as frozen objects; nothing else in the project reads that file."""

from pipeline.settings.datasets import (
    DatasetSettings,
    LabelledSettings,
    PairsSettings,
    SeriesSettings,
    Task,
    TextSettings,
    WindowsSettings,
    WordsSettings,
)
from pipeline.settings.loading import Settings, chosen, load
from pipeline.settings.models import ModelSettings
from pipeline.settings.sources import BibleSource, SourceSettings, UrlSource

__all__ = [
    "BibleSource",
    "DatasetSettings",
    "LabelledSettings",
    "ModelSettings",
    "PairsSettings",
    "SeriesSettings",
    "Settings",
    "SourceSettings",
    "Task",
    "TextSettings",
    "UrlSource",
    "WindowsSettings",
    "WordsSettings",
    "chosen",
    "load",
]
