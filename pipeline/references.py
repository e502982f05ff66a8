"""The names of what stands beside the models of a data set: baselines, and a limit where one is known."""

BASELINE, LIMIT = "baseline", "limit"  # further baselines are called `baseline-...`


def is_baseline(name: str) -> bool:
    """Tell whether a name among those of models is a baseline's."""
    return name == BASELINE or name.startswith(f"{BASELINE}-")


def is_reference(name: str) -> bool:
    """Tell whether a name among those of models is no model's."""
    return name == LIMIT or is_baseline(name)
