"""params.yaml as frozen objects; nothing else in the project reads that file."""

from pipeline.params.load import Params, find_block, load_params
from pipeline.params.places import check_places

__all__ = ["Params", "check_places", "find_block", "load_params"]
