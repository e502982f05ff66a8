"""Each error in params.yaml is one line: the dotted path of its key, what was found, what is wanted."""

import pytest

from tests.support.params import RAW, changed, errors

WANTED = [
    ("models.words-lstm.hidden_size", "x", "a whole number or a list"),
    ("models.words-lstm.hidden_size", 0, "greater than 0 or a list"),
    ("models.words-lstm.learning_rate", "1e-3", "a number"),
    ("models.words-lstm.learning_rate", None, "a number"),
    ("models.words-lstm.learning_rate", float("nan"), "a finite number"),
    ("models.words-lstm.batch_size", 32.0, "a whole number"),
    ("models.words-lstm.cell", "LSTM", "'linear', 'scratch', 'rnn', 'rnn-relu', 'gru' or 'lstm'"),
    ("models.words-lstm.dataset", 5, "a text"),
    ("models.words-lstm.initialisation", "zeros", "'uniform' or 'normal'"),
    ("models.words-lstm.seeds", [], "a list of at least 1"),
    ("models.extra", 5, "a block"),
    ("models", 5, "a block"),
    ("defaults", [5], "a block"),
    ("defaults.gradient_clip", -1, "greater than or equal to 0"),
    ("defaults.schedule", "step", "a block"),
    ("defaults.schedule.kind", "zigzag", "one of 'constant', 'step', 'cosine', 'one-cycle'"),
    ("defaults.seeds", 5, "a list"),
    ("defaults.seeds", list(range(101)), "a list of at most 100"),
    ("defaults.seeds.0", -1, "greater than or equal to 0"),
    ("defaults.seeds.0", 2**31, "less than 2147483648"),
    ("datasets.words", None, "a block"),
    ("datasets.words.format", "word", "one of 'words', 'pairs', 'series', 'labelled', 'text', 'windows'"),
    ("datasets.words.test", 1.0, "less than 1"),
    ("datasets.lyrics.alphabet", "a", "at least 2 characters or 'any'"),
    ("datasets.sales.stores", "some", "'all' or a list"),
    ("datasets.sales.stores", [], "'all' or a list of at least 1"),
    ("datasets.sales.items.0", 1.5, "a whole number or a text"),
    ("sources.archive.sha256", "abc", "64 hexadecimal digits"),
    ("sources.archive.url", "ftp://x", "an http, https or file address"),
    ("sources.psalms.kind", "web", "one of 'bible', 'url'"),
    ("sources.psalms.books", "all", "'psalms' or 'all-but-psalms'"),
    # of a model's param that does not fit its data set
    ("models.words-lstm.input", "values", "for task next-symbol on format words: one-hot, embedding"),
    ("models.sales-lstm.input", "one-hot", "for task forecast on format series: values, flat"),
    ("models.binary-lstm.input", "one-hot", "for task regress on format pairs: values, flat"),
    ("models.binary-lstm.window", 8, "for format pairs: nothing"),
    ("models.names-lstm.head", "linear-relu", "for task classify on format labelled: none, linear"),
    ("models.names-lstm.scaling", "standard", "for task classify on format labelled: none"),
    ("models.words-lstm.sampling", "random", "for task next-symbol on format words: shuffled, sequential, balanced, "),
    ("models.lyrics-lstm.sampling", "balanced", "for task next-symbol on format text: consecutive, random"),
    ("models.words-lstm.offset", "fixed", "for task next-symbol on format words: random"),
    ("models.lyrics-lstm.offset", "none", "'random' or 'fixed'"),
    ("models.lyrics-lstm.samples", 5, "a block"),
    ("models.lyrics-lstm.samples.every", 0, "greater than 0"),
    ("models.lyrics-lstm.samples.prefixes", "the lord", "a list"),
    ("models.lyrics-lstm.samples.prefixes", [], "a list of at least 1"),
    ("models.lyrics-lstm.samples.prefixes.0", "", "at least 1 character"),
    ("models.sales-lstm.window", ..., "for format series: a number of lags"),
    ("models.lyrics-lstm.sequence_length", ..., "for format text: a number of steps"),
    ("models.lyrics-lstm.window", 5, "for format text: nothing"),
    ("models.vowels-lstm.sequence_length", 5, "for format windows: nothing"),
    ("models.binary-lstm.hidden_size", [5, 2], "1 outputs without a head, not 2; or head: linear"),
    ("models.binary-lstm.patience", 5, "0, since data set binary has no validation rows"),
]


@pytest.mark.parametrize(("path", "value", "wanted"), WANTED)
def test_a_wrong_value_is_shown_with_the_wanted_one(tmp_path, path, value, wanted):
    (line,) = errors(tmp_path, changed(path, value))
    found = "nothing" if value in (None, ...) else str(tuple(value)) if "outputs" in wanted else repr(value)
    shown = found if len(found) <= 160 else f"{found[:160]}..."
    assert line.startswith(f"{path}: found {shown}; wanted {wanted}")


SAMPLES = {"every": 1, "length": 2, "prefixes": ("a",)}
ABOUT = [  # changed path, its value, path in the message, what it says
    ("models", ..., "models", "missing; add it"),
    ("modles", {}, "modles", "unknown key"),
    ("models.words-lstm.cell", ..., "models.words-lstm.cell", "missing; add it"),
    ("models.words-lstm.hiden", 5, "models.words-lstm.hiden", "unknown key; remove it or correct its spelling"),
    ("models.words-lstm.a\nb", 5, r"models.words-lstm.a\nb", "unknown key"),
    ("models.words-lstm.hidden_size", [4, 5], "models.words-lstm", "hidden_size lists 2 sizes for 1 layers"),
    (
        "models.binary-lstm.hidden_size",
        [1, "x"],
        "models.binary-lstm.hidden_size.1",
        "found 'x'; wanted a whole number",
    ),
    ("defaults.embedding_size", ["x"], "defaults.embedding_size", "found ['x']; wanted a whole number"),
    ("models.words-lstm.embedding_size", 5, "models.words-lstm", "embedding_size goes with input embedding"),
    ("models.vowels-lstm.embedding_size", ..., "models.vowels-lstm", "embedding_size goes with input embedding"),
    ("models.words-lstm.momentum", 0.5, "models.words-lstm", "momentum goes with optimiser sgd or rmsprop, not adam"),
    ("models.binary-lstm.beta2", 0.9, "models.binary-lstm", "beta2 goes with optimiser adam or adamw"),
    (
        "models.words-lstm.steps_per_epoch",
        5,
        "models.words-lstm",
        "steps_per_epoch goes with sampling balanced or drawn",
    ),
    ("models.words-lstm.dropout", 0.5, "models.words-lstm", "dropout is between layers, and there is only one"),
    ("models.lyrics-lstm.samples.length", ..., "models.lyrics-lstm.samples.length", "missing; add it"),
    ("models.lyrics-lstm.samples.prefix", ["a"], "models.lyrics-lstm.samples.prefix", "unknown key"),
    (
        "models.names-lstm.samples",
        SAMPLES,
        "models.names-lstm.samples",
        f"found {SAMPLES}; wanted null for format labelled",
    ),
    (
        "models.words-lstm.samples",
        SAMPLES | {"prefixes": ("abd",)},
        "models.words-lstm.samples.prefixes",
        "found 'd'; wanted symbols of the alphabet of data set words",
    ),
    ("models.words-lstm.dataset", "word", "models.words-lstm.dataset", "no data set 'word'; known: binary, "),
    ("defaults.gradient_clipp", 1, "defaults.gradient_clipp", "unknown key"),
    ("defaults.schedule", {}, "defaults.schedule.kind", "missing; add it"),
    ("defaults.schedule.every", ..., "defaults.schedule.every", "missing; add it"),
    ("defaults.seeds", [1, 2, 1], "defaults.seeds", "a seed is listed twice; wanted different ones"),
    ("datasets.lyrics.text", 5, "datasets.lyrics.text", "unknown key"),  # also the name of the block's format
    ("datasets.words.format", ..., "datasets.words.format", "missing; add it"),
    ("datasets.words.alphabet", "ab\ufffd", "datasets.words.alphabet", "found U+FFFD, which is reserved"),
    ("datasets.words.test", 0.9, "datasets.words", "validation + test must stay below 1"),
    ("datasets.words.test", 0.0, "datasets.words", "validation and test are either both 0 "),
    ("datasets.words.test", ..., "datasets.words", "test missing; add it, or give the splits yourself (split_files)"),
    ("datasets.words.split_files", True, "datasets.words", "validation, test, split_seed split by shares; leave them "),
    (
        "datasets.names.split_column",
        "part",
        "datasets.names",
        "validation, test, split_seed split by shares; leave them ",
    ),
    (
        "datasets.sales.test_from",
        "2011-02-30",
        "datasets.sales.test_from",
        "found '2011-02-30'; wanted a date such as 2013-01-31",
    ),
    (
        "datasets.sales.test_from",
        "2011-02-20",
        "datasets.sales",
        "validation, test split by shares; leave them out with test_from",
    ),
    ("datasets.binary.refit", False, "datasets.binary", "refit must be true where nothing is held out"),
    ("datasets.vowels.classes.step", ..., "datasets.vowels", "classes must name at least two classes"),
    ("datasets.vowels.classes.step", "ab", "datasets.vowels", "classes must not share a character"),
    ("datasets.vowels.classes.step", "xb", "datasets.vowels", "classes has 'x', which is not in the alphabet"),
]


@pytest.mark.parametrize(("path", "value", "where", "text"), ABOUT)
def test_an_error_names_its_key_or_block(tmp_path, path, value, where, text):
    (line,) = errors(tmp_path, changed(path, value))
    assert line.startswith(f"{where}: {text}")


@pytest.mark.parametrize("name", ["baseline", "baseline-frequent", "bound", "date", "truth"])
def test_a_model_may_not_take_a_name_that_the_results_use(tmp_path, name):
    (line,) = errors(tmp_path, changed(f"models.{name}", RAW["models"]["words-lstm"]))
    assert line.startswith(f"models.{name}: the results use this name")


@pytest.mark.parametrize("section", ["sources", "datasets", "models"])
@pytest.mark.parametrize("name", ["A b", "a_b", "-a", "a\n", ""])
def test_a_name_has_small_letters_digits_and_hyphens(tmp_path, section, name):
    block = next(iter(RAW[section].values()))
    (line,) = errors(tmp_path, changed(f"{section}.{name}", block))
    assert line.endswith(f": found {name!r}; wanted a name of small letters, digits and hyphens")


# Paths

OUTSIDE_RAW = [
    *("a.zip", "data/a.zip", "data/prepared/a.zip", "data/rawer/a.zip", "models/data/raw/a.zip", "data/raw"),
    *("data/raw/", "data/raw/../a.zip", "../data/raw/a.zip", "/etc/words", "~/words", ""),
]


@pytest.mark.parametrize("source", RAW["sources"])
@pytest.mark.parametrize("path", OUTSIDE_RAW)
def test_a_source_may_write_below_data_raw_alone(tmp_path, source, path):
    where = f"sources.{source}.file"
    (line,) = errors(tmp_path, changed(where, path))
    assert line.startswith(f"{where}: found {path!r}; wanted a ")


@pytest.mark.parametrize("path", ["/etc/words", "~/words", ""])
def test_a_raw_file_is_relative_to_the_project(tmp_path, path):
    (line,) = errors(tmp_path, changed("datasets.words.raw", path))
    assert line.startswith(f"datasets.words.raw: found {path!r}; wanted a path inside the project's folder")


# Several errors


def test_all_errors_of_blocks_are_reported_at_once_then_those_between_blocks(tmp_path):
    raw = changed("defaults.seeds.0", "x")
    raw["datasets"]["words"]["alphabt"] = raw["datasets"]["words"].pop("alphabet")
    raw["models"]["words-lstm"]["cell"] = "lstmm"
    raw["models"]["sales-lstm"]["window"] = -1
    raw["models"]["names-lstm"].update(input="values", dataset="name")
    raw["defaults"]["gradient_clip"] = "hard"
    found = errors(tmp_path, raw)
    assert sorted(line.partition(":")[0] for line in found) == [
        "datasets.words.alphabet",
        "datasets.words.alphabt",
        "defaults.gradient_clip",  # once, although six models inherit it
        "defaults.seeds.0",
        "models.sales-lstm.window",
        "models.words-lstm.cell",
    ]
    raw = changed("models.names-lstm.dataset", "name")
    raw["models"]["words-lstm"]["input"] = "values"
    del raw["models"]["binary-lstm"]
    found = errors(tmp_path, raw)  # not of data sets without a model: an unknown name may mean one of them
    assert [line.partition(":")[0] for line in found] == ["models.names-lstm.dataset", "models.words-lstm.input"]


def test_errors_of_several_sections_are_reported_at_once(tmp_path):
    raw = {**RAW, "modles": RAW["models"], "defaults": 5}
    del raw["models"]
    assert sorted(line.partition(":")[0] for line in errors(tmp_path, raw)) == ["defaults", "models", "modles"]
