"""Whatever params.yaml contains, it ends in lines and never in a traceback."""

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ParamsError
from tests.support.params import RAW, changed, errors, load, paths

VALUES = dict(paths(RAW))
TWO_TYPES = {"datasets.sales.items.0", "datasets.sales.items.1", "models.names-lstm.learning_rate"}
LEAVES = [path for path, value in VALUES.items() if not isinstance(value, (dict, list)) and path not in TWO_TYPES]
WRONG = {
    str: [5, 0.5, True],
    int: ["5", 0.5, True],
    type(None): ["5", 0.5, True],
    float: ["0.5", True],
    bool: ["true", 1, 0.0],
}

KEYS = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from(["text", "kind", "schedule"])
NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)


@hypothesis.settings(max_examples=40)
@given(data=st.data(), path=st.sampled_from(LEAVES))
def test_a_value_of_a_wrong_type_is_refused_everywhere(tmp_path_factory, data, path):
    value = data.draw(st.sampled_from([[[None]], {"a": None}, *WRONG[type(VALUES[path])]]))
    found = errors(tmp_path_factory.getbasetemp(), changed(path, value))
    assert any(line.startswith((f"{path}: ", f"{path}.")) for line in found)


@hypothesis.settings(max_examples=50)
@given(path=st.sampled_from(list(VALUES)), key=KEYS, value=NONSENSE)
def test_nonsense_in_place_of_a_value_or_in_a_block_is_no_traceback(tmp_path_factory, path, key, value):
    folder, old = tmp_path_factory.getbasetemp(), VALUES[path]
    raw = changed(path, {**old, key: value} if isinstance(old, dict) else value)
    try:
        load(folder, raw)
    except ParamsError:
        errors(folder, raw)  # each line names the file
