"""params.yaml as frozen objects; nothing else in the project reads that file."""

from pipeline.params.load import Params, find_block, load_params

__all__ = ["Params", "find_block", "load_params"]
