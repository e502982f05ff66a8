"""Ask registered models in this process, which has nothing but what the models require; run as a program.

Arguments: a URI of each model. Prints a line of JSON for each: the answer to its example, and where its code is.
"""

import importlib.metadata
import importlib.util
import json
import sys
from pathlib import Path

from packaging.requirements import Requirement


class Without:
    """A finder of modules that does not find those of some packages."""

    def __init__(self, finder, names):
        self.finder, self.names = finder, names

    def find_spec(self, name, *arguments):
        return None if name.partition(".")[0] in self.names else self.finder.find_spec(name, *arguments)

    def __getattr__(self, name):
        return getattr(self.finder, name)


def normal(name):
    """Return the name of a distribution as all its spellings have it."""
    return name.lower().replace("_", "-").replace(".", "-")


def needed(names):
    """Return the distributions that some distributions need, and those themselves."""
    found, waiting = set(), list(names)
    while waiting:
        name = normal(waiting.pop())
        if name not in found:
            found.add(name)
            try:
                requires = importlib.metadata.requires(name) or []
            except importlib.metadata.PackageNotFoundError:  # for another platform
                continue
            parsed = map(Requirement, requires)
            waiting += [of.name for of in parsed if of.marker is None or of.marker.evaluate({"extra": ""})]
    return found


def hide_others(requirements):
    """Let nothing be imported but what some requirements need; the project's own packages neither."""
    allowed = needed(Requirement(line).name for line in requirements)
    distributions = importlib.metadata.packages_distributions()
    hidden = {top for top, of in distributions.items() if allowed.isdisjoint(map(normal, of))} - {"pipeline"}
    sys.path[:] = [place for place in sys.path if not Path(place, "pipeline").exists()]
    others = [finder for finder in sys.meta_path if "editable" not in getattr(finder, "__module__", "")]
    sys.meta_path[:] = [Without(finder, hidden) for finder in others]


if __name__ == "__main__":
    requirements, *uris = sys.argv[1:]
    hide_others(requirements.split())
    assert [name for name in ("pipeline", "dvc", "click", "scipy") if importlib.util.find_spec(name)] == [
        "click",
        "scipy",
    ]
    import mlflow.pyfunc

    for uri in uris:
        model = mlflow.pyfunc.load_model(uri)
        answer = model.predict(model.input_example)
        code = sys.modules["pipeline"].__file__
        print(json.dumps({"answer": answer.to_dict("list"), "code": code}), flush=True)
